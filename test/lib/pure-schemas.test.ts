import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../lib/bundle.ts';
import { REPOSITORY } from '../harness/cruise.ts';

const SOURCE = `import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
  export const ask = () => new EC2Client({}).send(new DescribeInstancesCommand({}));`;

async function bundled(plugins: typeof BUNDLE_OPTIONS.plugins): Promise<string> {
  const { outputFiles } = await build({
    ...BUNDLE_OPTIONS,
    plugins,
    stdin: { contents: SOURCE, resolveDir: REPOSITORY, loader: 'ts' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

test('of a client with many commands only the schemas of those that are used are in a bundle', async () => {
  const whole = await bundled(BUNDLE_OPTIONS.plugins.filter(({ name }) => name !== 'pure-schemas'));
  const pure = await bundled(BUNDLE_OPTIONS.plugins);

  for (const text of [whole, pure]) expect(text).toContain('DescribeInstancesResult');
  expect(whole).toContain('CreateTransitGatewayRequest');
  expect(pure).not.toContain('CreateTransitGatewayRequest');
  expect(pure.length).toBeLessThan(whole.length * 0.7);
});
