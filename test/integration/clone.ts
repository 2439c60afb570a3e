/**
 * The program in a clone of its own: it reads the `.env` of the folder that it runs from, and the one
 * of this project belongs to whoever develops here.
 */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

const thisProject = resolve(import.meta.dirname, '../..')

/**
 * Makes the folder, with links to this project's files. Returns what Node has to be given to run the
 * program there: without these options it takes a link for the file behind it, and an `--env-file`
 * for its own. `project` is another folder with the same files, of another version.
 */
export function makeClone(
  folder: string,
  entry = 'dist/main.js',
  project = thisProject,
): readonly string[] {
  mkdirSync(folder)
  for (const name of ['src', 'dist', 'node_modules', 'package.json']) {
    symlinkSync(join(project, name), join(folder, name))
  }
  return ['--preserve-symlinks', '--preserve-symlinks-main', '--', join(folder, entry)]
}
