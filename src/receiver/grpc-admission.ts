/**
 * What is checked of a gRPC call before its message is read, and the bounds around it: may this
 * client write here, is there room, does the message come in time. A call that is let in holds a
 * ticket until it is answered.
 */
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js'
import type { Clock } from '../domain/clock.ts'
import { createKeyCheck } from './api-key.ts'
import type { Failure } from './errors.ts'
import { overloaded, stopping, tooSlow, unauthenticated } from './failures.ts'
import { grpcStatus } from './grpc-status.ts'
import type { InFlight } from './in-flight.ts'
import type { ReadingSlots } from './reading-slots.ts'

export interface GrpcAdmissionDeps {
  readonly apiKey: string | undefined
  readonly inFlight: InFlight
  readonly slots: ReadingSlots
  readonly clock: Clock
  /** For a whole message to arrive, waiting for its turn included. */
  readonly messageTimeoutMs: number
  readonly isStopping: () => boolean
  /** Called with every failure that ends a call here. */
  readonly onRefused: (path: string, failure: Failure) => void
}

const nothing = (): void => undefined

/** An interceptor for all calls of one server. */
export function createGrpcAdmission(deps: GrpcAdmissionDeps): ServerInterceptor {
  const { apiKey, inFlight, slots, clock } = deps
  const hasKey = apiKey === undefined ? () => true : createKeyCheck(apiKey)

  const doorFailure = (metadata: Metadata): Failure | undefined => {
    if (deps.isStopping()) return stopping
    const [authorization] = metadata.get('authorization')
    return hasKey(authorization?.toString()) ? undefined : unauthenticated
  }

  return ({ path }, call) => {
    let isHandled = false
    let ticket: ReturnType<InFlight['admit']>
    let leaveSlot = nothing
    let stopTimer = nothing

    const end = (): void => {
      stopTimer()
      leaveSlot()
      ticket?.release()
    }
    const refuse = (failure: Failure): void => {
      end()
      deps.onRefused(path, failure)
      call.sendStatus(grpcStatus(failure))
    }

    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const failure = doorFailure(metadata)
        ticket = failure === undefined ? inFlight.admit(0) : undefined
        if (ticket === undefined) {
          refuse(failure ?? overloaded)
          return
        }
        let isReading = false
        const timer = clock.setTimer(
          () => refuse(isReading ? tooSlow : overloaded),
          deps.messageTimeoutMs,
        )
        stopTimer = () => timer.cancel()
        leaveSlot = slots.acquire(() => {
          isReading = true
          next(metadata)
        })
      })
      .withOnReceiveMessage((message: Buffer, next) => {
        leaveSlot()
        if (ticket?.grow(message.length) === true) next(message)
        else refuse(overloaded)
      })
      .withOnReceiveHalfClose((next) => {
        isHandled = true
        stopTimer()
        next()
      })
      .withOnCancel(() => {
        // A call that is being handled holds its records until then.
        if (!isHandled) end()
      })
      .build()

    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMessage((message, next) => {
        end()
        next(message)
      })
      .withSendStatus((status, next) => {
        end()
        next(status)
      })
      .build()
    return new ServerInterceptingCall(call, responder)
  }
}
