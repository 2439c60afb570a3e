/** The configuration, from its schema. */
import { configTable } from '../../src/config/config-table.ts'
import { markdownTable } from './markdown-table.ts'

export function configSection(): string {
  const rows = configTable().map(({ name, type, fallback, doc }) => {
    const shown = fallback === '' || fallback.includes('`') ? fallback : `\`${fallback}\``
    return [`\`${name}\``, type, shown, doc]
  })
  return markdownTable(['Variable', 'Type', 'Default', 'What it does'], rows)
}
