import { describe, expect, it } from 'vitest'
import { listenProblem } from '../../../src/receivers/listen-problem.ts'

const listener = { host: '127.0.0.1', port: 4317, portVariable: 'OTLP_GRPC_PORT' } as const
const failed = (code: string) => Object.assign(new Error('listen failed'), { code })

describe('a server that cannot listen', () => {
  it.each([
    [failed('EADDRINUSE'), 'Port 4317 on 127.0.0.1 is in use by another program. Stop it'],
    [new Error('Failed to bind: EADDRINUSE'), 'or set OTLP_GRPC_PORT to another port'],
    [failed('EACCES'), 'Cannot listen on 127.0.0.1:4317 (EACCES). Set OTLP_RECEIVER_HOST'],
    [failed('EADDRNOTAVAIL'), 'and OTLP_GRPC_PORT to an address this machine and user may use'],
  ])('%s is said in one line', (error, line) => {
    expect(listenProblem(error, listener)).toContain(line)
    expect(listenProblem(error, listener)).not.toContain('\n')
  })

  it('for another reason is a bug, and thrown on', () => {
    expect(() => listenProblem(new TypeError('oops'), listener)).toThrow('oops')
  })
})
