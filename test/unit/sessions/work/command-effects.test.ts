/** What shell commands do to repositories, and what looks like it and does not. */
import { describe, expect, test } from 'vitest'
import { effectsOf } from '../../../../src/sessions/work/command-effects.ts'
import { shellCommands } from '../../../../src/sessions/work/shell-commands.ts'

const COMMIT = { kind: 'commit', isAmend: false }
const COPY = { ...COMMIT, isCopy: true }
const AMEND = { kind: 'commit', isAmend: true }
const HEREDOC = `git commit -m "$(cat <<'EOF'
fix: it's (a) "thing"

git commit --amend
EOF
)" && git push`

describe('commits', () => {
  test.each([
    'git commit -m x',
    'git commit -am "x --dry-run"',
    'git commit -m --dry-run',
    'git commit -m"x" -- a.txt --dry-run',
    'git init -q . ; git add -A && git -c user.name=T -c user.email=t@example.com commit -q -m "x y"',
    HEREDOC,
    'git commit -F - <<EOF\ngit commit --dry-run\nEOF',
    'git -C . commit -m x',
    'cd src && cd .. && git commit -m x',
    "bash -lc 'git add . && git commit -m x'",
    'sudo -u bob env A=1 git commit -m x',
    'timeout -k 5 30 git commit -m x',
    '/usr/bin/git commit -m x',
    'GIT_AUTHOR_DATE=now git commit -m x',
    'if ! git diff --quiet; then git commit -am x; fi',
    '(git commit -m x) 2>&1 | tail -1',
    'git commit \\\n  -m x',
    'hash=$(git commit -qm x && git rev-parse HEAD)',
    'x=`git commit -m x`',
    'cd "$DIR" && git commit -m x',
    `git commit -m "it's $'5" && echo 'done'`,
    'git -c alias.ci=commit ci -m x',
    'git config --global alias.ci "commit -v" && git ci -m x',
    "git config alias.ac '!git add -A && git commit' && git ac -m x",
    'git config alias.c \'!f() { git commit "$@"; }; f\' && git c -m x',
    'git config set alias.ci co && git config alias.co commit && git ci -m x',
    'git ls-files -m | xargs git commit -m x',
    'git diff --name-only -z | xargs -0r -P4 -a list git commit -m',
    'echo a | xargs -d "\\n" -- sudo -u bob git commit -m x',
    "bash <<'EOF'\ngit commit -m x\nEOF",
    'bash -e <<-EOF\n\tcd "\\$PWD" && git commit -m "$(date)"\n\tEOF\ntrue',
    "sudo -u bob sh -s -- a <<'EOF'\ngit commit -m x\nEOF",
    "<<'EOF' bash\ngit commit -m x\nEOF",
    "bash <<< 'git commit -m x'",
    'cat <<A; bash <<B\ngit commit -m no\nA\ngit commit -m x\nB',
    "bash -o pipefail -ec 'git commit -m x'",
    "bash --norc -c -- 'git commit -m x'",
    "su bob -c 'git commit -m x'",
    'sudo -nHu bob git commit -m x',
    'sudo --user=bob -- git commit -m x',
    'env -iu A B=1 git commit -m x',
    'time -p git commit -m x',
    'doas -u bob nice -n5 ionice -c2 git commit -m x',
    'export GIT_EDITOR=true && git commit',
  ])('%j is one', (command) => {
    expect(effectsOf(command)).toEqual([COMMIT])
  })

  test.each([
    'echo git commit -m x',
    'echo "git commit -m x" && true',
    "grep -r 'git commit' .",
    'git commit --dry-run -m x',
    'git commit --short',
    'git commit --porcelain',
    'git commit --help',
    'git help commit',
    'git log --grep commit',
    'git commit-tree abc',
    '# git commit -m x',
    "cat > run.sh <<'EOF'\ngit commit -m x\nEOF",
    "python - <<EOF\nprint('git commit')\nEOF",
    'git stash push -m "git commit"',
    'gitcommit -m x',
    'git ci -m x',
    'git -c alias.ci=commit log',
    'git -c alias.log=commit log',
    'git -c alias.ci=commit status; git ci -m x',
    'git config alias.ci commit; git config --unset alias.ci; git ci -m x',
    'git -c alias.a="!git a" a',
    'ls | xargs -I{} git -C {} commit -m x',
    'ls | xargs -n1 git commit -m x',
    'ls | xargs --max-args=1 git commit -m x',
    'ls | xargs echo git commit -m x',
    "ssh host <<'EOF'\ngit commit -m x\nEOF",
    "bash run.sh <<'EOF'\ngit commit -m x\nEOF",
    "bash run.sh -c 'git commit -m x'",
    "bash < run.sh <<'EOF' > /dev/null < other.sh\ngit commit -m x\nEOF",
    "bash 3<<'EOF'\ngit commit -m x\nEOF",
    "su - bob -c 'git commit -m x'",
    "bash -s <<'EOF'\necho git commit\nEOF",
    'command -v git commit',
    './git.sh commit',
    '',
    '"',
    '$(',
  ])('%j is none', (command) => {
    expect(effectsOf(command)).toEqual([])
  })

  test.each([
    ['git commit --amend --no-edit', [AMEND]],
    ['git commit -m a && git commit -m b', [COMMIT, COMMIT]],
    ['git -C ../b commit -m x', [{ ...COMMIT, folder: '../b' }]],
    [
      'cd /srv/a && git commit -m x; cd ../b; git commit -m y',
      [
        { ...COMMIT, folder: '/srv/a' },
        { ...COMMIT, folder: '/srv/b' },
      ],
    ],
    ['git --git-dir=/r/.git --work-tree=/r commit -m x', [{ ...COMMIT, folder: '/r' }]],
    ['cd a && git -C b commit -m x', [{ ...COMMIT, folder: 'a/b' }]],
    ['git revert --no-edit HEAD', [COPY]],
    ['git revert -m 1 1a2b3c4 && git push', [COPY]],
    ['git -C ../b cherry-pick -x 1a2b3c4 5d6e7f8', [{ ...COPY, folder: '../b' }]],
    ['git cherry-pick --continue', [COPY]],
    ['git cherry-pick -n 1a2b3c4 && git commit -m x', [COMMIT]],
    ['git revert --abort; git cherry-pick --quit; git revert', []],
  ])('%s', (command, effects) => {
    expect(effectsOf(command)).toEqual(effects)
  })
})

describe('the folder of a commit', () => {
  test.each([
    '(cd /tmp/build && make) && git commit -m a',
    '(cd /tmp/build; (cd x && make)); git commit -m a',
    'cd /tmp/build && make && cd - && git commit -m a',
    'cd /tmp/build && make; cd "$OLDPWD"; git commit -m a',
    'pushd /tmp/build && make && popd && git commit -m a',
    'pushd /tmp/a; pushd /tmp/b; popd; popd; git commit -m a',
    'pushd /tmp/a; pushd; git commit -m a',
    'X=$(cd /tmp/other && pwd) && git commit -m a',
    'X=`cd /tmp/other && pwd`; git commit -m a',
    'echo "$(cd /tmp/other && git log)"; git commit -m a',
    'cd /tmp/build | tail; git commit -m a',
    '{ cd /tmp/build && make; } 2>&1 | tail -5; git commit -m a',
    'if true; then cd /tmp/x; make; fi | tail; git commit -m a',
    'ls | while read -r d; do cd "/tmp/$d"; make; done; git commit -m a',
    'find . | while read d\ndo\n  cd /tmp/x && make\ndone\ngit commit -m a',
    'cd /tmp/build && npm start & git commit -m a',
    'diff <(cd /tmp/a && ls) <(cd /tmp/b && ls); git commit -m a',
    'f() { cd /tmp/x && make; }; git commit -m a',
    "bash -c 'cd /tmp/build && make'; git commit -m a",
    'D=$PWD; cd /tmp/build && make; cd "$D" && git commit -m a',
    'D=$(pwd); cd /tmp/build && make; git -C "$D" commit -m a',
    `export ROOT="$(pwd)"; cd /tmp && cd "$\{ROOT}" && git commit -m a`,
    'for d in a b; do cd "$d"; make; cd ..; done; git commit -m a',
    'case $x in a) cd src;; esac; cd ..; git commit -m a',
    '(case $x in a) cd /tmp/x;; esac); git commit -m a',
    'cd "$(git rev-parse --show-toplevel)" && git commit -m a',
    'cd src; cd "$(dirname "$0")/.." && cd .. && git commit -m a',
    'if (( 1 << 2 )); then\ngit commit -m b\nfi',
  ])('%j is its own', (command) => {
    expect(effectsOf(command)).toEqual([COMMIT])
  })

  test.each([
    ['(cd /srv/site && git commit -m a)', '/srv/site'],
    ['((cd /srv/site && make); (cd /srv/site; git commit -m a))', '/srv/site'],
    ['cd /srv/site && git commit -m a | tail -1', '/srv/site'],
    ['{ cd /srv/site; git commit -m a; } | tail', '/srv/site'],
    ['{ cd /srv/site; }; git commit -m a', '/srv/site'],
    ['if true; then cd /srv/site; fi; git commit -m a', '/srv/site'],
    ['cd /srv/site; (cd /tmp/x; make); git commit -m a', '/srv/site'],
    ['cd /srv/site; cd /tmp; cd -; git commit -m a', '/srv/site'],
    ['cd /srv/site; ls & git commit -m a', '/srv/site'],
    ['cd /srv/site\nls & git commit -m a', '/srv/site'],
    ['D=/srv/site; cd "$D" && git commit -m a', '/srv/site'],
    ['D=/srv; git -C $D/site commit -m a', '/srv/site'],
    ['pushd /srv/site && git commit -m a; popd', '/srv/site'],
    ['pushd /srv/site; pushd /tmp; pushd; git commit -m a', '/srv/site'],
    ['eval "cd /srv/site" && git commit -m a', '/srv/site'],
    ['cd && git commit -m a', '~'],
    ['env -C /srv/site git commit -m a', '/srv/site'],
    ['sudo -u bob --chdir=/srv/site git commit -m a', '/srv/site'],
    ['sudo -D /srv bash -c "cd site && git commit -m a"', '/srv/site'],
    ['GIT_DIR=/srv/site/.git git commit -m a', '/srv/site'],
    ['env GIT_DIR=/srv/x/.git GIT_WORK_TREE=/srv/site git commit -m a', '/srv/site'],
    ['GIT_WORK_TREE=/srv/site bash -c "cd /tmp && git commit -m a"', '/srv/site'],
    ['export GIT_DIR=/srv/site/.git; cd /tmp; git commit -m a', '/srv/site'],
    ['GIT_DIR=/srv/x/.git git --git-dir=/srv/site/.git commit -m a', '/srv/site'],
    ["bash <<'EOF'\ncd /srv/site\ngit commit -m a\nEOF", '/srv/site'],
    ['cd /srv && git -c alias.ci=commit -C site ci -m a', '/srv/site'],
    ['cd /srv/site && ls | xargs git commit -m a', '/srv/site'],
    ['(cd /srv/site; case $x in a) git commit -m a;; esac)', '/srv/site'],
    ['f() (cd /tmp/x); cd /srv/site; git commit -m a', '/srv/site'],
  ])('%j is %s', (command, folder) => {
    expect(effectsOf(command)).toEqual([{ ...COMMIT, folder }])
  })
})

describe('pull requests', () => {
  const body = "$(cat <<'E'\nx\nE\n)"
  test.each([
    ['gh pr create --title A --body B', {}],
    ['PATH="$PWD/bin:$PATH" && gh pr create -t A -b "gh pr create --web"', {}],
    [
      `gh pr create --title "A" --body "${body}" --head fork:feat -R acme/widgets`,
      { repository: 'acme/widgets', branch: 'feat' },
    ],
    ['gh -R github.example/acme/widgets pr new -fd', { repository: 'acme/widgets' }],
    ['gh pr create --title --web', {}],
    ['glab mr create -s feat --fill', { branch: 'feat' }],
    ['az repos pr create --source-branch feat', { branch: 'feat' }],
    ['hub pull-request -m x', {}],
  ])('%s', (command, told) => {
    expect(effectsOf(command)).toEqual([{ kind: 'pull_request', ...told }])
  })

  test.each([
    'gh pr create --dry-run',
    'gh pr create --web',
    'gh pr create -fw',
    'gh pr view 7',
    'gh pr list --search "pr create"',
    'gh issue create --title x',
    'echo gh pr create',
    'glab mr list',
  ])('%s is none', (command) => {
    expect(effectsOf(command)).toEqual([])
  })
})

describe('branches', () => {
  const branch = (name: string, isUnsure = false) => ({ kind: 'branch', branch: name, isUnsure })

  test.each([
    ['git checkout -b feature/x', [branch('feature/x')]],
    ['git switch -c x origin/main', [branch('x')]],
    ['git switch main', [branch('main')]],
    ['git checkout main', [branch('main', true)]],
    ['git branch -m old new', [{ ...branch('new'), renamed: 'old' }]],
    ['git branch -M main', [{ ...branch('main'), renamed: '' }]],
    ['git checkout --track origin/feature/x', [branch('feature/x')]],
    ['git switch -t origin/x', [branch('x')]],
    ['git checkout -t origin/x -b y', [branch('y')]],
    ['git checkout -q feature/x', [branch('feature/x')]],
    ['git checkout -f src/a.ts', [branch('src/a.ts', true)]],
    ['git stash branch x', [branch('x')]],
    ['git branch --list "x*" | xargs git switch', [{ kind: 'checkout' }]],
    ['ls | xargs git checkout --', []],
    ['git -c alias.sw="switch -c" sw x', [branch('x')]],
    ['B=feature/x; git switch -c "$B"', [branch('feature/x')]],
    ['git checkout -b "$B"', [{ kind: 'checkout' }]],
    ['gh pr checkout 12', [{ kind: 'checkout' }]],
    ['gh pr checkout 12 -b x', [branch('x')]],
    ['glab mr checkout 12', [{ kind: 'checkout' }]],
    ['git checkout -- file', []],
    ['git checkout main file', []],
    ['git checkout HEAD', []],
    ['git checkout HEAD file', []],
    ['git checkout main~1', []],
    ['git switch -', [{ kind: 'checkout', isBack: true }]],
    ['git checkout -q @{-1}', [{ kind: 'checkout', isBack: true }]],
    ['git checkout @{-2}', [{ kind: 'checkout' }]],
    ['git checkout HEAD~1', [{ kind: 'detach' }]],
    ['git checkout @^^', [{ kind: 'detach' }]],
    ['git checkout HEAD@{1}', [{ kind: 'detach' }]],
    ['git switch HEAD~1', []],
    ['git checkout --detach', [{ kind: 'detach' }]],
    ['git switch -d v1.2.0', [{ kind: 'detach' }]],
    ['gh pr checkout 12 --detach', [{ kind: 'detach' }]],
    ['git branch', []],
  ])('%s', (command, effects) => {
    expect(effectsOf(command)).toEqual(effects)
  })
})

test('whatever a script is, it is read to its end', () => {
  const parts = [
    '$(',
    '`',
    '"',
    "'",
    '(',
    ')',
    '<<A',
    '\n',
    '${',
    '$((',
    '\\',
    ';',
    '#',
    ' a',
    '<(',
  ]
  let seed = 1
  const next = () => (seed = (seed * 48_271) % 2_147_483_647)
  for (let round = 0; round < 2000; round += 1) {
    const length = next() % 30
    const script = Array.from({ length }, () => parts[next() % parts.length]).join('')
    expect(Array.isArray(shellCommands(script))).toBe(true)
  }
  expect(shellCommands('$('.repeat(10_000))).toEqual([])
})

describe('what would take long is bounded', () => {
  const many = (text: string) => text.repeat(Math.floor(100_000 / text.length))

  test.each([
    ['aliases within each other', `git config alias.a '!${'git a;'.repeat(3000)}'; git a`],
    [
      'an alias that is asked for often',
      `git config alias.a '!${'ls;'.repeat(10_000)}'; ${'git a;'.repeat(10_000)}`,
    ],
    ['folders within each other', many('cd a;')],
    ['a stack of folders', many('pushd a;')],
    ['variables', Array.from({ length: 12_000 }, (_, n) => `a${n}=1`).join(';')],
    ['exported variables', Array.from({ length: 7_000 }, (_, n) => `export a${n}`).join(';')],
    ['words before a command', many('time ')],
    ['xargs of xargs', many('xargs ')],
    ['heredocs', many('bash <<A\n')],
    ['heredocs that end', many('bash <<A\nls\nA\n')],
    ['options', `sudo ${many('-u a ')}`],
  ])('%s', (_, script) => {
    expect(effectsOf(script)).toEqual([])
    expect(effectsOf(`git commit -m x; ${script}`)).toEqual([COMMIT])
  })
})
