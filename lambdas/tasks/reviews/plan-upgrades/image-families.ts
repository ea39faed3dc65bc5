/** An image as far as its family follows from it. */
export interface FamilyOfImage {
  readonly name: string;
  /** `amazon`, or the number of the account that owns it. */
  readonly owner: string;
  /** The public parameter that EC2 itself names for the image. */
  readonly parameter: string | undefined;
}

/** Names say nothing without their owner: anybody may call an image as Amazon does. */
const AMAZON = 'amazon';
const CANONICAL = '099720109477';

const LATEST = '/aws/service/ami-amazon-linux-latest';

interface Family {
  readonly owner: string;
  readonly name: RegExp;
  parameter(groups: Readonly<Record<string, string | undefined>>): string;
}

const FAMILIES: readonly Family[] = [
  {
    owner: AMAZON,
    name: /^(?<base>amzn2-ami-(?:minimal-)?(?:kernel-[\d.]+-)?hvm)-2\.0\.[\d.]+-(?<arch>x86_64|arm64)-(?<disk>gp2|gp3|ebs)$/,
    parameter: ({ base, arch, disk }) => `${LATEST}/${base}-${arch}-${disk}`,
  },
  {
    owner: AMAZON,
    name: /^(?<base>al2023-ami-(?:minimal-)?)2023\.[\d.]+-(?<kernel>kernel-[\d.]+)-(?<arch>x86_64|arm64)$/,
    parameter: ({ base, kernel, arch }) => `${LATEST}/${base}${kernel}-${arch}`,
  },
  {
    owner: AMAZON,
    name: /^amzn2-ami-ecs-hvm-2\.0\.\d+-(?<arch>x86_64|arm64)-ebs$/,
    parameter: ({ arch }) =>
      `/aws/service/ecs/optimized-ami/amazon-linux-2${arch === 'arm64' ? '/arm64' : ''}/recommended/image_id`,
  },
  {
    owner: AMAZON,
    name: /^al2023-ami-ecs-hvm-2023\.[\d.]+-kernel-[\d.]+-(?<arch>x86_64|arm64)$/,
    parameter: ({ arch }) =>
      `/aws/service/ecs/optimized-ami/amazon-linux-2023${arch === 'arm64' ? '/arm64' : ''}/recommended/image_id`,
  },
  {
    owner: AMAZON,
    name: /^amazon-eks-(?<flavour>arm64-|gpu-)?node-(?<version>1\.\d+)-v\d+$/,
    parameter: ({ flavour = '', version }) =>
      `/aws/service/eks/optimized-ami/${version}/amazon-linux-2${flavour && `-${flavour.slice(0, -1)}`}/recommended/image_id`,
  },
  {
    owner: AMAZON,
    name: /^amazon-eks-node-al2023-(?<arch>x86_64|arm64)-(?<variant>standard|nvidia|neuron)-(?<version>1\.\d+)-v\d+$/,
    parameter: ({ arch, variant, version }) =>
      `/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/${arch}/${variant}/recommended/image_id`,
  },
  {
    owner: AMAZON,
    name: /^bottlerocket-(?<variant>aws-(?:k8s|ecs)-[\w.-]+?)-(?<arch>x86_64|aarch64|arm64)-v\d[\w.-]*$/,
    parameter: ({ variant, arch }) =>
      `/aws/service/bottlerocket/${variant}/${arch === 'aarch64' ? 'arm64' : arch}/latest/image_id`,
  },
  {
    owner: AMAZON,
    name: /^(?<base>Windows_Server-[\w-]+)-\d{4}\.\d{2}\.\d{2}$/,
    parameter: ({ base }) => `/aws/service/ami-windows-latest/${base}`,
  },
  {
    owner: CANONICAL,
    name: /^ubuntu\/images\/hvm-ssd(?<disk>-gp3)?\/ubuntu-[a-z]+-(?<version>\d\d\.\d\d)-(?<arch>amd64|arm64)-server-\d{8}(?:\.\d+)?$/,
    parameter: ({ disk, version, arch }) =>
      `/aws/service/canonical/ubuntu/server/${version}/stable/current/${arch}/hvm/ebs-${disk ? 'gp3' : 'gp2'}/ami-id`,
  },
];

/** The SSM parameter that names the newest image of the same family; undefined where the family is not known. */
export function familyParameter(
  { name, owner, parameter }: FamilyOfImage,
  own: Readonly<Record<string, string>>,
): string | undefined {
  const [, ours] = Object.entries(own).find(([beginning]) => name.startsWith(beginning)) ?? [];
  if (ours !== undefined) return ours;
  for (const family of FAMILIES) {
    if (family.owner !== owner) continue;
    const groups = family.name.exec(name)?.groups;
    if (groups) return family.parameter(groups);
  }
  // EC2 names it for images of AWS alone; a parameter of a version names this image for ever.
  return parameter?.startsWith('/aws/service/') && /latest|recommended|current/.test(parameter) ? parameter : undefined;
}
