import { awsCommand } from '../_recommendation.ts';
import { dayOf, daysUntil } from './days.ts';
import { hopId, notKnown, upgradeDue, type Ground, type Hop, type Note, type Said } from './hop.ts';
import { STAGES, type Stage } from './stage.ts';

/** An image that instances or launch templates name. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date | undefined;
  readonly deprecatedAt: Date | undefined;
}

/** Who uses an image: an instance, or the version of a launch template that machines are started from. */
export interface ImageUse {
  readonly image: string;
  readonly stage: Stage;
  readonly instance?: { readonly id: string; readonly type: string };
  readonly template?: { readonly id: string; readonly name: string };
}

/** What SSM names as the newest image of a family; or why that is not known. */
export type Newest = { readonly image: Image } | { readonly unknown: string };

export interface Images {
  readonly uses: readonly ImageUse[];
  /** The images that are there; one that is used and not among them is gone. */
  readonly known: ReadonlyMap<string, Image>;
  /** By the id of an image that is used. */
  readonly newest: ReadonlyMap<string, Newest>;
}

export interface ImageRow {
  readonly image: string;
  readonly name: string | null;
  readonly created_at: string | null;
  readonly deprecated_at: string | null;
  readonly newest_image: string | null;
  readonly newest_created_at: string | null;
  readonly state: 'current' | 'due' | 'deprecated' | 'gone' | 'unknown';
  readonly instances: readonly { readonly instance_id: string; readonly instance_type: string }[];
  readonly launch_templates: readonly string[];
}

/** Judges each image once, however many instances run it. */
export function judgeImages({ uses, known, newest }: Images, ground: Ground): Said<ImageRow> {
  const byImage = Map.groupBy(uses, ({ image }) => image);
  const rows: ImageRow[] = [];
  const notes: Note[] = [];
  const hops: Hop[] = [];
  const versions = new Map<string, string>();
  for (const [id, its] of byImage) {
    const image = known.get(id);
    const latest = newest.get(id);
    const said = image === undefined ? gone(id, its) : judgeImage(image, latest, its, ground);
    notes.push(...said.notes);
    const newer = latest && 'image' in latest ? latest.image : undefined;
    rows.push({
      image: id,
      name: image?.name ?? null,
      created_at: image?.createdAt?.toISOString() ?? null,
      deprecated_at: image?.deprecatedAt?.toISOString() ?? null,
      newest_image: newer?.id ?? null,
      newest_created_at: newer?.createdAt?.toISOString() ?? null,
      state: said.state,
      instances: its.flatMap(({ instance }) =>
        instance ? [{ instance_id: instance.id, instance_type: instance.type }] : [],
      ),
      launch_templates: its.flatMap(({ template }) => template?.name ?? []),
    });
    const isDue = newer !== undefined && newer.id !== id && (said.state === 'due' || said.state === 'deprecated');
    for (const stage of STAGES) {
      const here = its.filter((use) => use.stage === stage);
      if (here.length === 0) continue;
      const subject = `image ${id} in ${stage}`;
      versions.set(subject, id);
      if (!isDue) continue;
      const instances = here.filter(({ instance }) => instance).length;
      const command = templateCommand(here, newer.id, ground.region);
      hops.push({
        id: hopId('image', subject, id, newer.id),
        kind: 'image',
        family: id,
        subject,
        stage,
        from: id,
        to: newer.id,
        step: 1,
        after: [],
        preChecks: [`a machine that is started from ${newer.name} in place of ${usesText(here)} answers`],
        ...(instances > 0 && {
          danger: `${instances === 1 ? '1 instance is' : `${instances} instances are`} replaced`,
        }),
        ...(command !== undefined && { command }),
      });
    }
  }
  return { rows, hops, notes, versions };
}

function judgeImage(
  image: Image,
  latest: Newest | undefined,
  uses: readonly ImageUse[],
  { now, region, input }: Ground,
): { readonly state: ImageRow['state']; readonly notes: Note[] } {
  const subject = `image ${image.id}`;
  const isDeprecated = image.deprecatedAt !== undefined && daysUntil(image.deprecatedAt, now) <= 0;
  const newer = latest && 'image' in latest && latest.image.id !== image.id ? latest.image : undefined;
  const command = newer && templateCommand(uses, newer.id, region);
  if (isDeprecated && image.deprecatedAt) {
    const instead = newer ? `${newer.id} follows it` : 'which image follows it is not known';
    const summary = `${subject} (${image.name}) is deprecated since ${dayOf(image.deprecatedAt)} and used by ${usesText(uses)}; ${instead}`;
    return {
      state: 'deprecated',
      notes: [{ kind: 'image-deprecated', subject, summary, ...(command && { command }) }],
    };
  }
  if (latest === undefined || 'unknown' in latest) {
    const why = latest?.unknown ?? `the family of ${image.name} is not known`;
    return { state: 'unknown', notes: [notKnown(subject, `${why}; it is used by ${usesText(uses)}`)] };
  }
  if (newer === undefined) return { state: 'current', notes: [] };
  if (newer.createdAt === undefined || image.createdAt === undefined) {
    const why = `when ${newer.createdAt ? image.id : newer.id} was made is not known`;
    return { state: 'unknown', notes: [notKnown(subject, why)] };
  }
  const days = daysUntil(newer.createdAt, image.createdAt);
  if (days < input.imageAgeDays) return { state: 'current', notes: [] };
  const text = `${newer.id} of the same family is ${days} days newer than ${image.name}, which is used by ${usesText(uses)}`;
  const note = { ...upgradeDue(subject, text, command), value: days, limit: input.imageAgeDays, unit: 'days' } as const;
  return { state: 'due', notes: [note] };
}

function gone(id: string, uses: readonly ImageUse[]): { readonly state: 'gone'; readonly notes: Note[] } {
  const subject = `image ${id}`;
  const instances = uses.filter(({ instance }) => instance);
  const templates = uses.filter(({ template }) => template);
  const is = 'it is deregistered, disabled or no longer shared with this account';
  return {
    state: 'gone',
    notes: [
      ...(instances.length > 0
        ? [{ kind: 'image-gone', subject, summary: `${subject}: ${is}, and used by ${usesText(instances)}` } as const]
        : []),
      ...(templates.length > 0
        ? [
            {
              kind: 'template-without-image',
              subject,
              summary: `${subject}: ${is}, and used by ${usesText(templates)}`,
            } as const,
          ]
        : []),
    ],
  };
}

/** `3 instances such as i-1 and launch template web`. */
function usesText(uses: readonly ImageUse[]): string {
  const instances = uses.flatMap(({ instance }) => instance?.id ?? []);
  const templates = uses.flatMap(({ template }) => template?.name ?? []);
  return [
    ...(instances.length > 1
      ? [`${instances.length} instances such as ${instances[0]}`]
      : instances.map((id) => `instance ${id}`)),
    ...(templates.length > 1
      ? [`${templates.length} launch templates such as ${templates[0]}`]
      : templates.map((name) => `launch template ${name}`)),
  ].join(' and ');
}

/** The new version of a launch template, where it is the only one. */
function templateCommand(uses: readonly ImageUse[], newest: string, region: string): string | undefined {
  const [first, ...others] = uses.flatMap(({ template }) => template?.id ?? []);
  if (first === undefined || others.length > 0) return undefined;
  return awsCommand(
    region,
    ...['ec2', 'create-launch-template-version', '--launch-template-id', first, '--source-version', '$Latest'],
    ...['--launch-template-data', JSON.stringify({ ImageId: newest })],
  );
}
