// Serves dynalite until standard input ends: see test/emulator/child.
'use strict'

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))

const from = process.env.DYNALITE_FROM
const dynalite = require(require.resolve('dynalite', { paths: [from] }))
const { version } = require(require.resolve('dynalite/package.json', { paths: [from] }))

const server = dynalite({ createTableMs: 0 })
// A client that waits for its processor keeps its connection.
server.keepAliveTimeout = server.headersTimeout = server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => console.log(server.address().port, version))
