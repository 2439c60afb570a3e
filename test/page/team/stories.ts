/** What a made-up team asked its agents: each story a session, by project. */

export interface Story {
  readonly project: string
  /** Prompt and answer, turn by turn. */
  readonly turns: readonly (readonly [prompt: string, answer: string])[]
}

export const STORIES: readonly Story[] = [
  {
    project: 'shop',
    turns: [
      [
        'The checkout test fails about one time in ten on CI. Find out why, and mend it.',
        'The test waits for the first of two requests, and they come in any order. It now waits for both; 200 runs in a row pass.',
      ],
      [
        'Good. Now make sure that it cannot come back.',
        'A lint rule refuses `waitForRequest` without a matcher; two other tests had the same fault and are mended.',
      ],
      [
        'Commit it, and open a pull request.',
        'Committed as "Wait for both requests of the checkout", pull request 812 is open.',
      ],
    ],
  },
  {
    project: 'importer',
    turns: [
      [
        'Move the importer to streams; it holds whole files in memory.',
        'The importer reads line by line now. A file of 2 GB needs 40 MB instead of 2.3 GB.',
      ],
      [
        'And delete the temporary files it leaves behind.',
        'They go when the import ends, also when it fails; a test cuts it off in the middle.',
      ],
    ],
  },
  {
    project: 'site',
    turns: [
      [
        'Why is the nightly build slow?',
        'Nine of its fourteen minutes are image resizing, done again each night. With a cache by content it takes five.',
      ],
      ['Do that.', 'Done: the second build took four minutes and fifty seconds.'],
    ],
  },
  {
    project: 'shop',
    turns: [
      [
        'Write release notes for 4.2 from the commits since 4.1.',
        'Written to CHANGELOG.md: three features, eleven fixes, one change that breaks.',
      ],
    ],
  },
  {
    project: 'importer',
    turns: [
      [
        'Customers report wrong dates after importing CSV files from Excel. Look into it.',
        'Excel writes dates by the locale of its user. The importer took all as month first; it now looks at the whole column before it decides.',
      ],
      [
        'Add tests for German and British files.',
        'Six tests were added; one more fault came out, two-digit years, and is mended.',
      ],
    ],
  },
]
