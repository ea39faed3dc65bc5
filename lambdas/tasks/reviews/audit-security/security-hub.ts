import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { topicOfControl } from './controls.ts';
import { resourceName, type Flaw, type FlawSource, type Package } from './flaw.ts';
import { levelOfWord } from './levels.ts';
import type { Place } from './looking.ts';

/** What one finding of Security Hub says: a flaw for each vulnerability, each thing that fails a control, each threat. */
export function flawsOfHub(finding: AwsSecurityFinding, place: Place): Flaw[] {
  const { Compliance, Vulnerabilities = [], Resources = [], ProductName, ProductFields } = finding;
  if (Compliance?.Status === 'PASSED' || Compliance?.Status === 'NOT_AVAILABLE') return [];
  if (Vulnerabilities.length > 0) {
    return Resources.flatMap(({ Id = '' }) =>
      Vulnerabilities.flatMap((one) => {
        const name = one.Id ?? '';
        if (name === '') return [];
        const resource = resourceName(Id);
        const packages = (one.VulnerablePackages ?? []).map((its): Package => {
          return packageOf(its.Name, its.Version, its.FixedInVersion, its.PackageManager);
        });
        const id = `vulnerability ${name} ${resource}`;
        return {
          ...flawOf(finding, place),
          id,
          topic: 'vulnerability',
          resource,
          title: `${name} in ${resource}`,
          packages,
        };
      }),
    );
  }
  const control = controlOf(finding);
  if (control !== undefined) {
    const topic = topicOfControl(control);
    return Resources.map(({ Id = '' }): Flaw => {
      const resource = resourceName(Id);
      const id = topic === 'control' ? `control ${control} ${resource}` : `${topic} ${resource}`;
      const title = `${resource} fails ${control}: ${plain(finding.Title)}`;
      return { ...flawOf(finding, place), id, topic, resource, title };
    });
  }
  const resource = resourceName(Resources[0]?.Id ?? '');
  const isThreat =
    ProductName === 'GuardDuty' || /^TTPs\b|^Unusual Behaviors\b|^Effects\b/.test(finding.Types?.[0] ?? '');
  // GuardDuty knows its finding by the ARN that Security Hub took over.
  const known = ProductName === 'GuardDuty' ? (finding.Id ?? '') : `${ProductName ?? ''} ${finding.Id ?? ''}`;
  const id = isThreat ? `threat ${known}` : `control ${known}`;
  const times = Number(ProductFields?.['aws/guardduty/service/count']);
  return [
    {
      ...flawOf(finding, place),
      id,
      topic: isThreat ? 'threat' : 'control',
      resource,
      title: `${plain(finding.Title)} (${resource})`,
      ...(times > 0 && { times }),
    },
  ];
}

/** The name of the control, in whichever way Security Hub was told to name it. */
function controlOf({ Compliance, ProductFields, GeneratorId, ProductName }: AwsSecurityFinding): string | undefined {
  if (ProductName !== undefined && ProductName !== 'Security Hub') return undefined;
  return (
    Compliance?.SecurityControlId ??
    ProductFields?.['ControlId'] ??
    (Compliance === undefined ? undefined : GeneratorId?.split('/').at(-1))
  );
}

function flawOf(finding: AwsSecurityFinding, { target, region }: Place) {
  const { Id = '', Severity, FirstObservedAt, Region } = finding;
  const where = Region ?? region;
  const word = Severity?.Label;
  const firstObservedAt = FirstObservedAt === undefined ? undefined : new Date(FirstObservedAt);
  return {
    region: where,
    level: levelOfWord(word),
    sources: [sourceOf(finding, Id)],
    targets: [target],
    looks: [`security-hub@${region}`],
    extent: 1,
    ...(firstObservedAt && !Number.isNaN(firstObservedAt.getTime()) && { firstObservedAt }),
  };
}

/** What a person resolved by hand while it still fails is not mended: only what they suppressed is put aside. */
function sourceOf({ Severity, Workflow }: AwsSecurityFinding, id: string): FlawSource {
  const source: FlawSource = { name: 'security-hub', id, severity: Severity?.Label ?? 'none' };
  return Workflow?.Status === 'SUPPRESSED' ? { ...source, setAside: 'suppressed' } : source;
}

/** A package with what is known of it. */
export function packageOf(name: string | undefined, version?: string, fixedIn?: string, manager?: string): Package {
  return {
    name: name ?? 'unknown',
    ...(version !== undefined && { version }),
    ...(fixedIn !== undefined && fixedIn !== 'NotAvailable' && { fixedIn }),
    ...(manager !== undefined && { manager }),
  };
}

/** Other people's sentences, on one line, without their full stop. */
export function plain(text: string | undefined): string {
  const line = (text ?? 'no title').replace(/[\s\p{C}]+/gu, ' ').trim();
  return (line.length > 240 ? `${line.slice(0, 239)}…` : line).replace(/\.$/, '');
}
