/** What a tool may have done to files, by its name. Whatever is not known may have changed any. */

/** `read`: the text of one file. `edit`: it changes the file that its input names. */
export type ToolEffect = 'read' | 'harmless' | 'edit' | 'unknown'

/** Names without case and separators: agents spell them in several ways. */
const READS: ReadonlySet<string> = new Set([
  ...['read', 'readfile', 'readtextfile', 'view', 'viewfile', 'notebookread'],
])
const HARMLESS: ReadonlySet<string> = new Set([
  ...['readmanyfiles', 'readfiles', 'viewimage', 'readimage'],
  ...['ls', 'list', 'listdir', 'listdirectory', 'listfiles', 'readfolder', 'glob', 'findfiles'],
  ...['grep', 'search', 'searchfiles', 'searchfilecontent', 'grepsearch', 'filesearch'],
  ...['codebasesearch', 'semanticsearch', 'codesearch', 'textsearch', 'codebase', 'findtestfiles'],
  ...[
    'listcodedefinitionnames',
    'listcodeusages',
    'usages',
    'geterrors',
    'readlints',
    'toolsearch',
  ],
  ...['diagnostics', 'problems', 'getchangedfiles', 'websearch', 'webfetch', 'googlewebsearch'],
  ...['fetchwebpage', 'todowrite', 'todoread', 'writetodos', 'managetodolist', 'updateplan'],
  ...['think', 'sequentialthinking'],
])
const EDITS: ReadonlySet<string> = new Set([
  ...['edit', 'multiedit', 'write', 'writefile', 'replace', 'notebookedit', 'create', 'createfile'],
  ...['insert', 'strreplace', 'strreplaceeditor', 'strreplacebasededittool', 'editfile'],
  ...['writetofile', 'replaceinfile', 'replacestringinfile', 'inserteditintofile', 'applydiff'],
  ...['insertcontent', 'searchandreplace', 'searchreplace', 'editnotebookfile', 'deletefile'],
  ...['createnewfile', 'editexistingfile', 'singlefindandreplace'],
])

/** Tools of MCP servers say by their first word that they read, and by any other that they do more. */
const MCP_READS = /^(?:read|get|list|search|find|view|show|describe|lookup|resolve|query)$/
const MCP_CHANGES =
  /^(?:write|edit|update|create|insert|replace|delete|remove|rename|move|set|put|add|patch|apply|format|fix|run|exec\w*|save|download|checkout|and|or|then)$/

export function effectOfTool(tool: string): ToolEffect {
  const mcp = /^mcp__?.*?__(.+)$/i.exec(tool)?.[1]
  if (mcp !== undefined) {
    const words = mcp
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .split(/[^a-z]+/)
    const isRead = MCP_READS.test(words.find((word) => word !== '') ?? '')
    return isRead && !words.some((word) => MCP_CHANGES.test(word)) ? 'harmless' : 'unknown'
  }
  const name = tool.toLowerCase().replace(/[\s_-]/g, '')
  if (READS.has(name)) return 'read'
  if (HARMLESS.has(name)) return 'harmless'
  return EDITS.has(name) ? 'edit' : 'unknown'
}

/** Files whose result is a picture or pages of one: what its bytes cost is not known. */
const PICTURE_FILE = /\.(?:png|jpe?g|gif|webp|bmp|ico|tiff?|heic|avif|pdf)$/i
const PICTURE_TOOL = /screenshot|image|picture|snapshot_?png/i

/** Whether a result is no text, or not known to be. */
export function isPicture(tool: string, file: string | undefined, output: unknown): boolean {
  if (PICTURE_TOOL.test(tool)) return true
  if (file !== undefined && PICTURE_FILE.test(file)) return true
  return typeof output === 'string' && PICTURE_OUTPUT.test(output.slice(0, 2000))
}

const PICTURE_OUTPUT = /data:image\/|"type"\s*:\s*"(?:image|image_url|input_image)"|"image\/\w+"/
