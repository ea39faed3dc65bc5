import { describe, expect, test } from '@jest/globals';
import validate from 'asl-validator';
import fc from 'fast-check';
import { entriesOf, type Entry, type Procedure } from '../../core/platform.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { findDeployments } from '../../lib/stacks/deployments.ts';
import { procedureDefinition } from '../../state-machines/procedure.ts';
import type { Definition } from '../../state-machines/states.ts';
import { mostTransitions } from './transitions.ts';
import { entryOf, platformOf, procedureOf } from './written.ts';

function problemsOf(definition: Definition): string {
  const { isValid, errorsText } = validate(structuredClone(definition));
  return isValid ? '' : errorsText('\n');
}

const taskName = fc.constantFrom('postgres-vacuum', 'postgres-analyze', 'redis-check-memory', 'a'.repeat(70));
const settings = { timeoutSeconds: fc.integer({ min: 1, max: 900 }), targets: fc.array(fc.string(), { minLength: 1 }) };
const inLine = fc
  .tuple(taskName, fc.record({ ...settings, pauses: fc.boolean(), required: fc.boolean() }))
  .map(([task, more]) => entryOf(task, more));
const besides = fc
  .tuple(taskName, fc.record({ ...settings, pauses: fc.boolean() }))
  .map(([task, more]) => entryOf(task, more));
const steps = fc.array(fc.oneof(inLine, fc.array(besides, { minLength: 1, maxLength: 5 })), { maxLength: 12 });
const procedures: fc.Arbitrary<Procedure> = steps.map((list: readonly (Entry | readonly Entry[])[]) =>
  procedureOf(list),
);

function rendered(procedure: Procedure): Definition {
  return procedureDefinition(platformOf(procedure), procedure);
}

/** Two a task and six a run. */
function budgetOf(procedure: Procedure): number {
  return 2 * entriesOf(procedure).length + 6;
}

/** A group is entered, and a Choice cannot end a branch: what running side by side costs beyond two a task. */
function sideBySide({ steps }: Procedure): number {
  const groups = steps.flatMap((step) => ('parallel' in step ? [step.parallel] : []));
  return groups.length + groups.flat().filter(({ pauses }) => pauses).length;
}

describe('the rendered definition', () => {
  test('is valid ASL for every procedure of eventchain, and within the budget of transitions', async () => {
    const catalogue = await loadCatalogue();
    const found = await findDeployments({ catalogue, now: new Date('2026-11-21'), platform: 'eventchain' });
    const platforms = 'deployments' in found ? found.deployments : [];

    expect(platforms.length).toBeGreaterThan(0);
    for (const platform of platforms) {
      for (const procedure of Object.values(platform.procedures)) {
        const definition = procedureDefinition(platform, procedure);
        expect(problemsOf(definition)).toBe('');
        expect(mostTransitions(definition.States, definition.StartAt)).toBeLessThanOrEqual(budgetOf(procedure));
      }
    }
  });

  test('is valid ASL for whatever a profile may say', () => {
    fc.assert(
      fc.property(procedures, (procedure) => expect(problemsOf(rendered(procedure))).toBe('')),
      { numRuns: 40 },
    );
  });

  test('the validator is really looking: a next state that does not exist is a problem', () => {
    const definition = rendered(procedureOf([entryOf('a-check')]));
    const broken = { ...definition, StartAt: 'Nowhere' };

    expect(problemsOf(broken)).not.toBe('');
  });

  test('takes at most two transitions a task and six a run where tasks run in line', () => {
    const lines = fc.array(inLine, { maxLength: 20 }).map((list) => procedureOf(list));
    fc.assert(
      fc.property(lines, (procedure) => {
        const { States, StartAt } = rendered(procedure);
        expect(mostTransitions(States, StartAt)).toBeLessThanOrEqual(budgetOf(procedure));
      }),
    );
  });

  test('takes three a run and two a task, one more a group and one more a task that pauses in a group', () => {
    fc.assert(
      fc.property(procedures, (procedure) => {
        const { States, StartAt } = rendered(procedure);
        const most = 3 + 2 * entriesOf(procedure).length + sideBySide(procedure);
        expect(mostTransitions(States, StartAt)).toBeLessThanOrEqual(most);
        if (sideBySide(procedure) <= 3) expect(most).toBeLessThanOrEqual(budgetOf(procedure));
      }),
    );
  });

  test('has the same states and transitions for one target as for a thousand', () => {
    const many = Array.from({ length: 1_000 }, (_, place) => `target-${place}`);
    const [one, thousand] = [['one'], many].map((targets) =>
      rendered(procedureOf([entryOf('a-check', { targets }), [entryOf('b-check', { targets })]])),
    );

    expect(Object.keys(thousand?.States ?? {})).toEqual(Object.keys(one?.States ?? {}));
    expect(JSON.stringify(thousand).length - JSON.stringify(one).length).toBeLessThan(20);
  });
});
