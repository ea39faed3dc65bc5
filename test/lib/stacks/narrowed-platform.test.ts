import { expect, test } from '@jest/globals';
import { examplePlatform, EXAMPLE_TARGETS } from '../../../lib/docs/example-platform.ts';
import { narrowedTo } from '../../../lib/stacks/narrowed-platform.ts';

test('a platform is narrowed to the targets of all entries of a task, and keeps those of other kinds', () => {
  const platform = examplePlatform();
  const { full, bare } = EXAMPLE_TARGETS.logs;

  expect(narrowedTo(platform, 'logs', [{ targets: ['full'] }]).targets.logs).toEqual({ full });
  expect(narrowedTo(platform, 'logs', [{ targets: ['full'] }, { targets: ['bare'] }]).targets.logs).toEqual({
    full,
    bare,
  });
  expect(narrowedTo(platform, 'logs', [{ targets: ['full'] }])).toEqual({
    ...platform,
    targets: { ...platform.targets, logs: { full } },
  });
});
