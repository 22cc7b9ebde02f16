'use strict'

// A service of Seneca as any: its patterns, and listen(). It knows no address and is told none; DIALECT=modern has it speak
// Seneca's newer transport, which is all the same to its callers, and listens to this machine alone if no host is given.
const by = process.env.NAME || 'math'
const options = { tag: by, log: 'warn' }
if (process.env.DIALECT === 'modern') options.legacy = { transport: false }

require('seneca')(options)
  .add('role:math,cmd:sum', (msg, reply) => reply({ answer: Number(msg.left) + Number(msg.right), by }))
  .add('role:math,cmd:div', (msg, reply) => {
    if (Number(msg.right) === 0) return reply(new Error('divide by zero'))
    reply({ answer: Number(msg.left) / Number(msg.right), by })
  })
  .listen({ host: '0.0.0.0', port: Number(process.env.PORT) || 10101 })

// Routers know by now that this task is to end. What is on its way is answered yet, which seneca.close() would refuse to do.
process.on('SIGTERM', () => setTimeout(() => process.exit(0), 2000))
