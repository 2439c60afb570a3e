/**
 * Has Zod interpret its schemas: compiling them is what the page's Content-Security-Policy
 * refuses. To be imported before any schema is made.
 */
import { z } from 'zod'

z.config({ jitless: true })
