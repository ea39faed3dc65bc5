import { ListFunctionsCommand, ListTagsCommand } from '@aws-sdk/client-lambda';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages, ask, part, type Unread } from '../_asking.ts';
import type { Reader } from './clients.ts';
import { isRuntimeDue, type LambdaFunction } from './functions.ts';
import type { UpgradeInput } from './input.ts';
import { bearsTag, stageOf, type Tags } from './stage.ts';

const CONCURRENT_CALLS = 4;

interface ReadFunctions {
  readonly functions: readonly LambdaFunction[];
  /** How many are container images: what they run, only their images say. */
  readonly containerImages: number;
  readonly unread: readonly Unread[];
}

/** Reads every function; its tags, which are a call each, only where they decide something. */
export async function readFunctions(
  { clients: { lambda }, signal: abortSignal }: Reader,
  input: UpgradeInput,
  now: Date,
): Promise<ReadFunctions> {
  const listed = await part('Lambda functions', () =>
    allPages(
      'lambda:ListFunctions',
      (Marker) => lambda.send(new ListFunctionsCommand({ Marker, MaxItems: 50 }), { abortSignal }),
      ({ NextMarker }) => NextMarker,
    ),
  );
  if ('unread' in listed) return { functions: [], containerImages: 0, unread: [listed.unread] };
  const all = listed.value.flatMap(({ Functions = [] }) => Functions);
  const unread: Unread[] = [];
  const read = await inParallel(all, CONCURRENT_CALLS, async (one): Promise<LambdaFunction | undefined> => {
    const { FunctionName: name = '', Runtime: runtime, FunctionArn: Resource } = one;
    if (runtime === undefined) return undefined;
    if (input.tag === undefined && !isRuntimeDue(runtime, { now, input })) return { name, runtime, stage: undefined };
    const tags = await part('the tags of functions', () =>
      ask('lambda:ListTags', () => lambda.send(new ListTagsCommand({ Resource }), { abortSignal })),
    );
    if ('unread' in tags) unread.push(tags.unread);
    const its: Tags = 'value' in tags ? (tags.value.Tags ?? {}) : {};
    if ('value' in tags && !bearsTag(its, input.tag)) return undefined;
    return { name, runtime, stage: stageOf(its, input) };
  });
  return {
    functions: read.flatMap((one) => one ?? []),
    containerImages: all.filter(({ PackageType }) => PackageType === 'Image').length,
    unread: [...new Map(unread.map((refused) => [refused.part, refused])).values()],
  };
}
