import { describe, expect, test } from '@jest/globals';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { EXECUTION_ACTIONS } from '../../lib/docs/deployer-permissions.ts';
import { exampleStack, PlaceholderText } from '../../lib/docs/example-stack.ts';
import { OPERATOR_PERMISSIONS } from '../../lib/docs/operator-permissions.ts';
import { permissionsPage, rolesOf, typesOf } from '../../lib/docs/permissions-page.ts';
import { REPOSITORY } from '../harness/cruise.ts';

const catalogue = await loadCatalogue();
const stack = exampleStack(catalogue);
const text = new PlaceholderText(stack);
const roles = rolesOf(stack);

/** What code asks AWS for on behalf of a person: the sources name each permission for those who lack it. */
function operatorNeeds(): string[] {
  const folder = join(REPOSITORY, 'lib', 'deployed');
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const named = /'((?:cloudformation|cloudwatch|events|lambda|logs|scheduler|sns|states|sts|s3):[A-Z][A-Za-z]+)'/g;
  return [...new Set(sources.flatMap((source) => [...source.matchAll(named)].map(([, action = '']) => action)))].sort();
}

describe('the stack with every task', () => {
  test('has no role but those that say why', () => {
    const made = stack.node.findAll().filter((node) => node instanceof CfnRole);

    expect(roles.length).toBeGreaterThan(catalogue.size);
    expect(roles).toHaveLength(made.length);
  });

  test.each(roles.map((role) => [role.granted.description.split(':')[0], role] as const))(
    'lets %s do nothing by a star without a reason',
    (_name, { granted }) => {
      expect(granted.grants.length).toBeGreaterThan(0);
      for (const { actions, resources, because } of granted.grants) {
        expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Za-z]+$/.test(action))).toEqual([]);
        expect(because).not.toBe('');
        const stars = resources.map((resource) => text.of(resource)).filter((resource) => /[*?]/.test(resource));
        // A word or two are no reason.
        if (stars.length > 0)
          expect({ stars, because }).toEqual({ stars, because: expect.stringMatching(/^\S.{29,}$/s) });
      }
    },
  );

  test('is told whole on the page, and nothing on it is a token that only CDK can read', () => {
    const page = permissionsPage(catalogue);

    expect(page).not.toMatch(/Token\[|\[object/);
    for (const { granted } of roles) expect(page).toContain(`### ${granted.description.split(':')[0] ?? ''}`);
  });

  test('needs of the execution role what is listed for the types that it has, and nothing for others', () => {
    const listed = EXECUTION_ACTIONS.flatMap(({ types }) => types);

    expect([...new Set(listed)].sort()).toEqual(typesOf(stack));
  });
});

describe('the commands', () => {
  test('need what is listed for those who operate, and nothing more', () => {
    const listed = OPERATOR_PERMISSIONS.flatMap(({ actions }) => actions).filter((action) => !action.startsWith('s3:'));

    expect(operatorNeeds().length).toBeGreaterThan(10);
    expect([...new Set(listed)].sort()).toEqual(operatorNeeds());
  });

  test('that are listed are there', () => {
    const commands = OPERATOR_PERMISSIONS.flatMap((one) => one.commands);

    expect(commands.filter((command) => !existsSync(join(REPOSITORY, 'bin', 'commands', `${command}.ts`)))).toEqual([]);
  });
});
