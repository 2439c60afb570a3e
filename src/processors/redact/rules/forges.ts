/** Tokens of forges, builds and package registries, in the formats that they document. */
import { BOUNDARY, type MaskRule, patternRule } from '../rule.ts'

export const forgeRules: readonly MaskRule[] = [
  patternRule(
    'github-token',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    String.raw`gh[pousr]_[A-Za-z0-9]{18,}`,
  ),
  patternRule('github-token', 'github_pat_', String.raw`github_pat_[A-Za-z0-9_]{20,}`),
  patternRule(
    'gitlab-token',
    [
      'glpat-',
      'glptt-',
      'gldt-',
      'glrt-',
      'glcbt-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glft-',
      'glffct-',
      'glrtr-',
      'glwt-',
    ],
    String.raw`gl(?:pat|ptt|dt|rtr?|cbt|imt|agent|oas|soat|ft|ffct|wt)-[A-Za-z0-9_.=-]{16,}`,
  ),
  patternRule('gitlab-token', 'GR1348941', String.raw`GR1348941[A-Za-z0-9_-]{16,}`),
  patternRule('bitbucket-token', 'ATBB', String.raw`${BOUNDARY}ATBB[A-Za-z0-9]{24,}`),
  patternRule(
    'atlassian-token',
    ['ATATT3', 'ATCTT3', 'ATCAT'],
    String.raw`(?:ATATT3|ATCTT3|ATCAT)[A-Za-z0-9_=-]{24,}`,
  ),
  patternRule(
    'sourcegraph-token',
    'sgp_',
    String.raw`${BOUNDARY}sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{30,}`,
  ),
  patternRule(
    'circleci-token',
    ['CCIPAT_', 'CCIPRJ_'],
    String.raw`CCI(?:PAT|PRJ)_[A-Za-z0-9_]{20,}`,
  ),
  patternRule(
    'buildkite-token',
    ['bkua_', 'bkat_', 'bkct_'],
    String.raw`bk(?:ua|at|ct)_[A-Za-z0-9]{30,}`,
  ),
  patternRule('npm-token', 'npm_', String.raw`${BOUNDARY}npm_[A-Za-z0-9]{30,}`),
  patternRule('pypi-token', 'pypi-Ag', String.raw`pypi-Ag[A-Za-z0-9_-]{40,}`),
  patternRule('rubygems-key', 'rubygems_', String.raw`rubygems_[0-9a-f]{30,}`),
  patternRule('crates-token', 'cio', String.raw`${BOUNDARY}cio[A-Za-z0-9]{32}(?![A-Za-z0-9])`),
  patternRule('nuget-key', 'oy2', String.raw`${BOUNDARY}oy2[a-z0-9]{43}(?![A-Za-z0-9])`),
  patternRule(
    'docker-token',
    ['dckr_pat_', 'dckr_oat_'],
    String.raw`dckr_[op]at_[A-Za-z0-9_-]{20,}`,
  ),
  patternRule('artifactory-token', 'AKCp', String.raw`${BOUNDARY}AKCp[A-Za-z0-9]{50,}`),
  patternRule('artifactory-token', 'cmVmdGtu', String.raw`${BOUNDARY}cmVmdGtu[A-Za-z0-9]{40,}`),
  patternRule('clojars-token', 'CLOJARS_', String.raw`CLOJARS_[a-z0-9]{40,}`),
  patternRule(
    'jetbrains-token',
    'perm:',
    String.raw`${BOUNDARY}perm[:-][A-Za-z0-9+/=]{8,}\.[A-Za-z0-9+/=]{4,}\.[A-Za-z0-9+/=]{20,}`,
  ),
  patternRule(
    'sonar-token',
    ['squ_', 'sqp_', 'sqa_'],
    String.raw`${BOUNDARY}sq[upa]_[0-9a-f]{30,}`,
  ),
  patternRule('snyk-token', 'snyk_uat.', String.raw`snyk_uat\.[A-Za-z0-9_.-]{20,}`),
  patternRule('prefect-key', ['pnu_', 'pnb_'], String.raw`${BOUNDARY}pn[ub]_[A-Za-z0-9]{30,}`),
]
