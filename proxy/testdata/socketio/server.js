// A socket.io server that says who it is, and prints what the page reports.
const http = require('http');
const name = process.argv[2];
const page = `<!doctype html><script src="/socket.io/socket.io.js"></script><script>
const socket = io(), heard = [];
const report = what => fetch('/report', {method: 'POST', body: JSON.stringify(what)});
socket.on('connect_error', e => report({error: String(e)}));
socket.on('echo', (text, who) => {
  heard.push(who);
  if (heard.length < 20) return socket.emit('say', 'x'.repeat(heard.length * 1000));
  report({transport: socket.io.engine.transport.name, servers: [...new Set(heard)], messages: heard.length});
});
socket.io.engine.once('upgrade', () => socket.emit('say', 'first'));
</script>`;
const server = http.createServer((request, response) => {
  if (request.url === '/report') {
    request.on('data', text => console.log(String(text)));
    return request.on('end', () => response.end());
  }
  response.setHeader('Content-Type', 'text/html');
  response.end(request.url === '/' ? page : '');
});
require('socket.io')(server).on('connection', socket => socket.on('say', text => socket.emit('echo', text, name)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
