/**
 * The entry that `install --statusline` sets up: one small file, so that Node starts and ends within
 * the time that a status line has. What it cannot read of its arguments is left out.
 */
import { statusLineWish } from '../cli/statusline/arguments.ts'
import { USUAL_LINE } from '../cli/statusline/run.ts'
import { showStatusLine } from './status-line.ts'

void showStatusLine(statusLineWish(['statusline', ...process.argv.slice(2)]) ?? USUAL_LINE)
