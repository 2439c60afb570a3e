/** A finding of waste as the tools answer it. */
import { z } from 'zod'
import { wasteFinding, type WasteFinding } from '../api/contract/waste.ts'
import { wasteWords } from '../api/contract/waste-words.ts'

export const wasteItem = z.object({
  ...wasteFinding.shape,
  title: z.string(),
  advice: z.string(),
})
export type WasteItem = z.infer<typeof wasteItem>

export function wasteItemOf(finding: WasteFinding): WasteItem {
  return { ...finding, ...wasteWords[finding.kind] }
}
