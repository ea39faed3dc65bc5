import { expect, test } from '@jest/globals';
import { compareTemplates } from '../../../lib/deployed/compare-templates.ts';
import type { Template } from '../../../lib/deployed/template.ts';

function resource(Properties: Record<string, unknown>, path?: string) {
  return { Type: 'AWS::Lambda::Function', Properties, ...(path && { Metadata: { 'aws:cdk:path': path } }) };
}

const template = (Resources: Template['Resources'], Outputs = {}): Template => ({ Resources, Outputs });

test('equal templates have equal hashes and no difference, whatever notes CDK has made', () => {
  const here = template({ A: resource({ Timeout: 3 }, 'stack/Function-a/Resource') });
  const there = template({ A: resource({ Timeout: 3 }), Cdk: { ...resource({}), Type: 'AWS::CDK::Metadata' } });
  const compared = compareTemplates(here, there);
  expect(compared).toMatchObject({ added: [], removed: [], changed: [] });
  expect(compared.ownSha256).toBe(compared.deployedSha256);
});

test('what is new, gone and changed is named as the code has it', () => {
  const here = template({ A: resource({ Timeout: 3 }, 'stack/Function-a/Resource/Resource'), B: resource({}) });
  const there = template({ A: resource({ Timeout: 4 }), C: resource({}, 'stack/Function-c/Role/Resource') });
  const compared = compareTemplates(here, there);
  expect(compared).toMatchObject({ added: ['B'], removed: ['Function-c/Role'], changed: ['Function-a'] });
  expect(compared.ownSha256).not.toBe(compared.deployedSha256);
});

test('a question mark in the place of a character that CloudFormation does not keep is no difference', () => {
  const compared = compareTemplates(
    template({ A: resource({ Description: 'Prüft – schnell' }) }),
    template({ A: resource({ Description: 'Pr?ft ? schnell' }) }),
  );
  expect(compared.changed).toEqual([]);
});

test('a changed output is a difference although no resource is', () => {
  const compared = compareTemplates(template({}, { Name: { Value: 'a' } }), template({}, { Name: { Value: 'b' } }));
  expect(compared.changed).toEqual([]);
  expect(compared.ownSha256).not.toBe(compared.deployedSha256);
});
