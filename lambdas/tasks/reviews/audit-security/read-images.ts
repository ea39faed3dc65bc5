import {
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  type DescribeImageScanFindingsResponse,
  type ECRClient,
  type ImageDetail,
} from '@aws-sdk/client-ecr';
import { chainOf } from '../../../../core/errors.ts';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages } from '../_asking.ts';
import type { Flaw, Package } from './flaw.ts';
import { levelOfWord } from './levels.ts';
import { daysBetween, type Limits } from './limits.ts';
import { look, unseen, type Look, type Place, type Reading } from './looking.ts';
import { packageOf } from './security-hub.ts';

const AT_ONCE = 3;
const PAGE = 1_000;

/** An image as its repository has it. */
export interface Image {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date | undefined;
  readonly scannedAt: Date | undefined;
  /** Why nothing is known of it; undefined where it was scanned. */
  readonly notScanned: string | undefined;
  readonly flaws: number;
}

/** Reads the scans of the newest images of each repository. */
export async function readImages(ecr: ECRClient, limits: Limits, place: Place): Promise<Reading<readonly Image[]>> {
  const { target, region, signal: abortSignal } = place;
  const root = `ecr@${region}`;
  const listed = await look({ name: root, target, part: `ECR of ${region}` }, async () => {
    const pages = await allPages(
      'ecr:DescribeRepositories',
      (nextToken) => ecr.send(new DescribeRepositoriesCommand({ nextToken, maxResults: PAGE }), { abortSignal }),
      ({ nextToken }) => nextToken,
    );
    return pages.flatMap(({ repositories = [] }) => repositories).flatMap(({ repositoryName }) => repositoryName ?? []);
  });
  const looks: Look[] = [listed.look];
  const flaws: Flaw[] = [];
  const images = await inParallel(listed.value ?? [], AT_ONCE, async (repository) => {
    const about = { name: `${root}/${repository}`, target, part: `images of ${repository}` };
    const newest = await look(about, () => newestImages(ecr, repository, limits, abortSignal));
    if (newest.look.outcome !== 'read') looks.push(newest.look);
    const read: Image[] = [];
    for (const image of newest.value ?? []) {
      const its = await readImage(ecr, repository, image, limits, place);
      flaws.push(...its.flaws);
      looks.push(...its.looks);
      read.push(its.table);
    }
    return read;
  });
  return { flaws, looks, table: images.flat() };
}

async function newestImages(
  ecr: ECRClient,
  repositoryName: string,
  { imagesPerRepository }: Limits,
  abortSignal: AbortSignal,
): Promise<readonly ImageDetail[]> {
  const pages = await allPages(
    'ecr:DescribeImages',
    (nextToken) =>
      ecr.send(new DescribeImagesCommand({ repositoryName, nextToken, maxResults: PAGE }), { abortSignal }),
    ({ nextToken }) => nextToken,
  );
  return pages
    .flatMap(({ imageDetails = [] }) => imageDetails)
    .filter(isImage)
    .toSorted((a, b) => Number(b.imagePushedAt ?? 0) - Number(a.imagePushedAt ?? 0))
    .slice(0, imagesPerRepository);
}

/** A list of images for several machines is scanned by its members; charts and attestations have nothing to scan. */
function isImage({ imageManifestMediaType = '', artifactMediaType = '', subjectManifestDigest }: ImageDetail): boolean {
  const isList = /manifest\.list|image\.index/.test(imageManifestMediaType);
  const isContainer = artifactMediaType === '' || /container\.image|image\.config/.test(artifactMediaType);
  return !isList && isContainer && subjectManifestDigest === undefined;
}

async function readImage(
  ecr: ECRClient,
  repository: string,
  { imageDigest = '', imageTags = [], imagePushedAt }: ImageDetail,
  { imageScanDays }: Limits,
  place: Place,
): Promise<Reading<Image>> {
  const { target, region, now, signal } = place;
  const words = imageTags[0] === undefined ? `${repository}@${imageDigest}` : `${repository}:${imageTags[0]}`;
  const about = { name: `ecr@${region}/${repository}/${imageDigest}`, target, part: `the scan of ${words}` };
  const scan = await look(about, () => readScan(ecr, repository, imageDigest, signal));
  const known = scan.value === undefined ? undefined : judgeScan(scan.value, imageScanDays, now);
  const flaws = scan.value === undefined ? [] : flawsOf(scan.value.pages, imageDigest, words, about.name, place);
  const looks: Look[] = scan.look.outcome === 'read' ? [] : [scan.look];
  if (known?.notScanned !== undefined) looks.push(unseen(about, known.notScanned));
  return {
    flaws,
    looks,
    table: {
      repository,
      digest: imageDigest,
      tags: imageTags,
      pushedAt: imagePushedAt,
      scannedAt: known?.scannedAt,
      notScanned: known === undefined ? 'its scan could not be read' : known.notScanned,
      flaws: flaws.length,
    },
  };
}

interface Scan {
  readonly pages: readonly DescribeImageScanFindingsResponse[];
  readonly isNone: boolean;
}

async function readScan(
  ecr: ECRClient,
  repositoryName: string,
  digest: string,
  abortSignal: AbortSignal,
): Promise<Scan> {
  const imageId = { imageDigest: digest };
  const call = (nextToken: string | undefined) =>
    ecr.send(new DescribeImageScanFindingsCommand({ repositoryName, imageId, nextToken, maxResults: PAGE }), {
      abortSignal,
    });
  try {
    const pages = await allPages('ecr:DescribeImageScanFindings', call, ({ nextToken }) => nextToken);
    return { pages, isNone: false };
  } catch (thrown) {
    const isNone = chainOf(thrown).some((one) => one instanceof Error && one.name === 'ScanNotFoundException');
    if (isNone) return { pages: [], isNone };
    throw thrown;
  }
}

/** Whether a scan is one to go by: it is there, it came to its end, and it is not too old. */
export function judgeScan(
  { pages, isNone }: Scan,
  imageScanDays: number,
  now: Date,
): Pick<Image, 'scannedAt' | 'notScanned'> {
  if (isNone) return { scannedAt: undefined, notScanned: 'it was never scanned' };
  const [first] = pages;
  const status = first?.imageScanStatus?.status ?? 'in no known state';
  const scannedAt = first?.imageScanFindings?.imageScanCompletedAt;
  // ACTIVE is watched by Inspector for as long as it stays so.
  if (status === 'ACTIVE') return { scannedAt, notScanned: undefined };
  if (status !== 'COMPLETE') return { scannedAt, notScanned: `its scan is ${status}` };
  if (scannedAt === undefined) return { scannedAt, notScanned: 'when it was scanned is not said' };
  const days = daysBetween(scannedAt, now);
  if (days <= imageScanDays) return { scannedAt, notScanned: undefined };
  return { scannedAt, notScanned: `its scan is ${days} days old; limit ${imageScanDays} days` };
}

function flawsOf(
  pages: readonly DescribeImageScanFindingsResponse[],
  digest: string,
  words: string,
  look: string,
  { target, region }: Place,
): Flaw[] {
  const flawOf = (name: string, severity: string | undefined, known: string, packages: readonly Package[]): Flaw => ({
    id: `vulnerability ${name} ${digest}`,
    topic: 'vulnerability',
    resource: digest,
    region,
    level: levelOfWord(severity),
    title: `${name} in ${words}`,
    sources: [{ name: 'ecr', id: known, severity: severity ?? 'none' }],
    targets: [target],
    looks: [look],
    extent: 1,
    packages,
  });
  return pages.flatMap(({ imageScanFindings }) => [
    ...(imageScanFindings?.findings ?? []).map(({ name = 'unnamed', severity, attributes = [] }) => {
      const value = (key: string) => attributes.find((one) => one.key === key)?.value;
      return flawOf(name, severity, `${words} ${name}`, [packageOf(value('package_name'), value('package_version'))]);
    }),
    ...(imageScanFindings?.enhancedFindings ?? [])
      .filter(({ status }) => status !== 'CLOSED')
      .map(({ packageVulnerabilityDetails: details, severity, status, findingArn = '' }) => {
        const packages = (details?.vulnerablePackages ?? []).map((one) =>
          packageOf(one.name, one.version, one.fixedInVersion, one.packageManager),
        );
        const flaw = flawOf(details?.vulnerabilityId ?? findingArn, severity, findingArn, packages);
        if (status !== 'SUPPRESSED') return flaw;
        return { ...flaw, sources: flaw.sources.map((source) => ({ ...source, setAside: 'suppressed' })) };
      }),
  ]);
}
