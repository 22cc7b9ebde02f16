'use strict'

// An observer: it has a copy of each message that its label asks for, and nobody waits for what it says. audit,cmd:seen tells how
// many there were, in this task.
let seen = 0

require('seneca')({ tag: 'audit', log: 'warn' })
  .add('role:math', (msg, reply) => {
    seen++
    console.log('seen', JSON.stringify({ cmd: msg.cmd, left: msg.left, right: msg.right }))
    reply()
  })
  .add('role:audit,cmd:seen', (msg, reply) => reply({ seen }))
  .listen({ host: '0.0.0.0', port: Number(process.env.PORT) || 10101 })

// Routers know by now that this task is to end. What is on its way is answered yet, which seneca.close() would refuse to do.
process.on('SIGTERM', () => setTimeout(() => process.exit(0), 2000))
