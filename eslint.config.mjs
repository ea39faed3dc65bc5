import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Rules that hold what review would otherwise have to remember. `test/lint.test.ts` sees each of them fire. */

const WITHOUT_NAMES = [
  {
    selector: 'ExportAllDeclaration',
    message: 'No barrels: import from the file that declares.',
  },
  {
    selector: "ImportDeclaration[importKind!='type'][source.value='zod'] > ImportSpecifier[importKind!='type']",
    message:
      "Write `import * as z from 'zod'`: the other form brings every language of its messages, 355 kB a function.",
  },
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Named exports only: one name everywhere.',
  },
];

// A catch that names what it caught must use it (no-unused-vars); one that does not must leave or answer.
const WITHOUT_SWALLOWING = [
  {
    selector: 'CatchClause[param=null]:not(:has(ThrowStatement)):not(:has(ReturnStatement))',
    message: 'A catch rethrows or answers; what is swallowed here is health that nobody saw.',
  },
];

const WITHOUT_CLOCK = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Time comes in as `now` or `clock`, so that every moment can be tested.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time comes in as `now` or `clock`, so that every moment can be tested.',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'Time comes in as `now` or `clock`, so that every moment can be tested.',
  },
];

const WITHOUT_TALK = [
  {
    selector: "MemberExpression[object.name='process'][property.name=/^std(out|err)$/]",
    message: 'Handlers talk through lambdas/runtime/log.ts; what a person reads is printed by bin and lib.',
  },
];

const TEST_NAMES = '/^(test|it|describe)$/';
const HONEST_TESTS = [
  {
    selector: `MemberExpression[object.name=${TEST_NAMES}][property.name='only']`,
    message: 'A focused test switches the others off.',
  },
  {
    selector: `:not(ConditionalExpression) > MemberExpression[object.name=${TEST_NAMES}][property.name=/^(skip|todo|failing)$/]`,
    message: 'Skip only where a program is missing: `const testRedis = redis ? test : test.skip`, and say which.',
  },
  {
    selector: 'CallExpression[callee.name=/^(x(test|it|describe)|f(it|test|describe))$/]',
    message: 'No focused and no skipped tests.',
  },
  {
    selector: 'MemberExpression[property.name=/^(toMatch|toThrowErrorMatching)(Inline)?Snapshot$/]',
    message: 'A snapshot agrees with whatever is there; say what must hold.',
  },
];

const TASKS = ['lambdas/tasks/**/*.ts'];
const PRODUCTION = ['{core,lambdas,state-machines,lib,bin,dashboard}/**/*.ts'];

export default tseslint.config(
  { ignores: ['**/node_modules/', '.stryker-tmp/', 'cdk.out/', '.fettle/', 'coverage/', 'test/fixtures/', '**/*.cjs'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  prettier,
  {
    // No comment switches a rule off.
    linterOptions: { noInlineConfig: true },
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
    rules: {
      'max-lines': ['error', { max: 300 }],
      'no-console': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  { files: PRODUCTION, rules: restricted(WITHOUT_NAMES, WITHOUT_SWALLOWING) },
  {
    files: ['lambdas/**/*.ts', 'state-machines/**/*.ts'],
    rules: restricted(WITHOUT_NAMES, WITHOUT_SWALLOWING, WITHOUT_TALK),
  },
  {
    files: ['core/**/*.ts', ...TASKS],
    rules: restricted(WITHOUT_NAMES, WITHOUT_SWALLOWING, WITHOUT_TALK, WITHOUT_CLOCK),
  },
  { files: ['test/**/*.ts'], rules: restricted(HONEST_TESTS) },
  { files: ['bin/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['lambdas/runtime/log.ts'],
    rules: { 'no-console': 'off', ...restricted(WITHOUT_NAMES, WITHOUT_SWALLOWING) },
  },
);

/** The last setting of a rule replaces those before it, so every layer names all that it forbids. */
function restricted(...lists) {
  return { 'no-restricted-syntax': ['error', ...lists.flat()] };
}
