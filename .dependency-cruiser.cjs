/** Which file may import which. `test/architecture.test.ts` holds the tree to it and sees every rule fire. */

const LAYERS = ['core', 'lambdas', 'state-machines', 'lib', 'bin'];
const PRODUCTION = `^(${[...LAYERS, 'dashboard'].join('|')})/`;
const CDK = '^node_modules/(aws-cdk-lib|aws-cdk|constructs|cdk-nag|@aws-cdk)/';

function forbid(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}

module.exports = {
  forbidden: [
    ...LAYERS.slice(0, -1).map((layer, place) =>
      forbid(
        `${layer}-looks-up`,
        `Imports go one way: ${LAYERS.join(' ← ')}.`,
        { path: `^${layer}/` },
        { path: `^(${LAYERS.slice(place + 1).join('|')}|dashboard)/` },
      ),
    ),
    forbid(
      'dashboard-reads-core',
      'The page knows the records, which are core; the servers of the page live in lib.',
      { path: '^dashboard/' },
      { path: `^(${LAYERS.slice(1).join('|')})/` },
    ),
    forbid(
      'no-cycles',
      'Of two files that need each other, one holds something that is a third.',
      {},
      { circular: true },
    ),
    forbid(
      'resolvable',
      'An import that leads nowhere would slip past every other rule.',
      {},
      { couldNotResolve: true },
    ),
    forbid(
      'core-is-pure',
      'core is the vocabulary: zod, hashes, and the calendar for its calendar.',
      { path: '^core/', pathNot: '^core/calendar/' },
      { pathNot: '^(core/|node_modules/zod/|crypto$|node:crypto$)' },
    ),
    forbid(
      'calendar-is-pure',
      'The calendar needs Temporal besides what core may use, and no clock.',
      { path: '^core/calendar/' },
      { pathNot: '^(core/|node_modules/(zod|temporal-polyfill)/|crypto$|node:crypto$)' },
    ),
    forbid(
      'tasks-never-import-tasks',
      'What two tasks of a domain need is a _noun.ts of that domain.',
      { path: '^lambdas/tasks/' },
      { path: '^lambdas/tasks/[^/]+/[^_/][^/]*(/index)?\\.ts$' },
    ),
    forbid(
      'domains-are-islands',
      'What two domains need is in lambdas/runtime.',
      { path: '^lambdas/tasks/([^/]+)/' },
      { path: '^lambdas/tasks/', pathNot: '^lambdas/tasks/$1/' },
    ),
    forbid(
      'lambdas-carry-no-tools',
      'What is bundled for Lambda neither builds nor deploys nor interprets.',
      { path: '^lambdas/' },
      { path: [CDK, '^node_modules/(esbuild|aws-local-stepfunctions)/'] },
    ),
    forbid(
      'state-machines-know-no-cdk',
      'The definition is plain ASL, so that the cloud and one machine run the same.',
      { path: '^state-machines/' },
      { path: CDK },
    ),
    forbid(
      'middy-in-one-place',
      'How a handler is wrapped is decided once.',
      { pathNot: '^lambdas/runtime/handler\\.ts$' },
      { path: '^node_modules/@middy/' },
    ),
    forbid(
      'production-needs-no-test',
      'Tests lean on the product, never the reverse.',
      { path: PRODUCTION },
      { path: '^test/' },
    ),
    forbid(
      'production-needs-no-dev-dependency',
      'Who installs without the development dependencies still runs everything.',
      { path: PRODUCTION },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^(test/fixtures|test/mutation/node_modules|\\.stryker-tmp)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
