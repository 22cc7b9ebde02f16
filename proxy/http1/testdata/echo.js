// A server of node's that says what it was asked, once it has all of it.
require('http').createServer({ maxHeaderSize: 1 << 18 }, (q, r) => {
  let n = 0
  q.on('data', b => { n += b.length })
  q.on('end', () => { r.end(`${q.method} ${q.url} ${n}`) })
}).listen(process.argv[2])
