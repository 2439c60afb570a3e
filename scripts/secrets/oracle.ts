/** An opinion from elsewhere: the rules that secretlint recommends, over the same texts. */
import { lintSource } from '@secretlint/core'
import { creator } from '@secretlint/secretlint-rule-preset-recommend'

const config = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }],
}
/** Its own comments in a text, such as `secretlint-disable`, are texts like any other here. */
const CONTROL = /secretlint-(?=disable|enable)/g

/** What secretlint takes for secrets: the name of its rule and where it stands, for each. */
export async function secretsBySecretlint(name: string, bytes: Buffer): Promise<readonly string[]> {
  const { messages } = await lintSource({
    source: {
      // One character a byte: a database is no UTF-8, and its texts are found all the same.
      content: bytes.toString('latin1').replace(CONTROL, 'secretlint '),
      filePath: name,
      ext: '.txt',
      contentType: 'text',
    },
    options: { config, noPhysicFilePath: true, maskSecrets: true },
  })
  // No text has a NUL: such a match reaches from the end of a page of the database into another one.
  const within = messages.filter(({ range: [from, to] }) => !bytes.subarray(from, to).includes(0))
  return within.map(({ ruleId, messageId, range }) => {
    const rule = ruleId.replace('@secretlint/secretlint-rule-', '')
    return `${rule} ${messageId} in ${name} at byte ${range[0]}`
  })
}
