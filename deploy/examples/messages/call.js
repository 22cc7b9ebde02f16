'use strict'

// A caller: it knows the router's name, and the messages that are answered elsewhere. It sends the messages that it reads, one a line,
// and prints what comes back.
//
//   echo '{"role":"math","cmd":"sum","left":1,"right":2}' | node call.js
const options = { tag: 'shop', log: 'silent' }
if (process.env.DIALECT === 'modern') options.legacy = { transport: false }

const seneca = require('seneca')(options)
  .client({ host: process.env.APPIA || 'appia', port: Number(process.env.PORT) || 10101, pin: ['role:math', 'role:tax', 'role:stock', 'role:audit', 'role:none', 'role:dead'] })

seneca.ready(async () => {
  const lines = require('readline').createInterface({ input: process.stdin })
  for await (const line of lines) {
    if (line.trim() === '') continue
    const began = Date.now()
    await new Promise(done => seneca.act(JSON.parse(line), (err, out) => {
      console.log(JSON.stringify({ error: err ? err.message : undefined, result: out, ms: Date.now() - began }))
      done()
    }))
  }
  process.exit(0)
})
