import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  paginateListFunctions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';
import type { Cloud } from './cloud/server.ts';

/**
 * Gives the functions whose names begin so another address of AWS, or of one service of it, as they would find any other
 * on AWS: by the variable that the SDK reads. Their own environment goes before what the emulator gives them.
 */
export async function sendThrough(
  { client }: Cloud,
  endpoint: string,
  { begin = '', variable = 'AWS_ENDPOINT_URL' }: { readonly begin?: string; readonly variable?: string } = {},
): Promise<void> {
  const lambda = new LambdaClient({ ...client, ...awsClientSettings() });
  const pages = await Array.fromAsync(paginateListFunctions({ client: lambda }, {}));
  const names = pages.flatMap(({ Functions = [] }) => Functions.flatMap(({ FunctionName }) => FunctionName ?? []));
  for (const FunctionName of names.filter((name) => name.startsWith(begin))) {
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, [variable]: endpoint };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
  lambda.destroy();
}
