/** The thread that masks long texts: one answer to each text, in order. Started by `long-texts.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { createTextMasking, type MaskedText, type MaskSettings } from './record-masker.ts'
import { userRuleOf } from './user-rules.ts'

export interface ThreadSettings {
  readonly mode: MaskSettings['mode']
  /** Patterns of V8's linear engine cannot be handed over, their source can. */
  readonly userRules: readonly { readonly name: string; readonly source: string }[]
}

export type ThreadRequest = { readonly text: string } | 'close'

export type ThreadAnswer = MaskedText | { readonly failure: string }

const port = parentPort
if (port === null) throw new Error('this module is the body of a thread')
const { mode, userRules } = workerData as ThreadSettings
const maskText = createTextMasking({
  mode,
  userRules: userRules.map(({ name, source }) => userRuleOf(name, source)),
})

function answerTo(text: string): ThreadAnswer {
  try {
    return maskText(text)
  } catch (error) {
    return { failure: String(error) }
  }
}

port.on('message', (request: ThreadRequest) => {
  if (request === 'close') port.close()
  else port.postMessage(answerTo(request.text))
})
