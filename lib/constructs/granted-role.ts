import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, type IPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** What a role may do. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What it is needed for, and of a star also why the resource is not one single thing. */
  readonly because: string;
}

export interface GrantedRoleProps {
  readonly description: string;
  readonly assumedBy: IPrincipal;
  readonly grants: readonly Grant[];
  readonly denies?: readonly Grant[];
}

/** A role with one inline policy that nobody adds to later; every star in it has the reason that its grant gives. */
export class GrantedRole extends Construct {
  readonly role: Role;
  /** What it was made of, for the page of permissions. */
  readonly granted: GrantedRoleProps;

  constructor(scope: Construct, id: string, granted: GrantedRoleProps) {
    super(scope, id);
    this.granted = granted;
    const { description, assumedBy, grants, denies = [] } = granted;
    const statements = [...grants.map(statementOf), ...denies.map((deny) => denialOf(deny))];
    this.role = new Role(this, 'Resource', {
      // IAM takes Latin-1 only, and refuses the whole stack for one dash of a summary.
      description: description.replace(/[^\x20-\x7e\xa1-\xff]/g, '-').slice(0, 1_000),
      assumedBy,
      inlinePolicies: { granted: new PolicyDocument({ statements }) },
    });
    const stars = this.starsOf(grants);
    const reasons = [...stars].map(([resource, because]) => ({
      id: `AwsSolutions-IAM5[Resource::${resource}]`,
      reason: because,
    }));
    if (stars.size === 0) return;
    // This rule answers once for a whole role, so that its reason is all of theirs.
    const together = [...stars].map(([resource, because]) => `${resource}: ${because}`).join('; ');
    Validations.of(this.role).acknowledge(...reasons, { id: 'Serverless-LambdaStarPermissions', reason: together });
  }

  /** Every resource with a star, as cdk-nag writes it, with its reasons. */
  private starsOf(grants: readonly Grant[]): ReadonlyMap<string, string> {
    const stars = new Map<string, string>();
    for (const { actions, resources, because } of grants) {
      for (const resource of resources.map((arn) => flatText(Stack.of(this).resolve(arn)))) {
        if (!resource.includes('*')) continue;
        if (because === '') throw new Error(`${this.node.path}: ${actions.join(', ')} on ${resource} needs a reason`);
        const earlier = stars.get(resource);
        stars.set(resource, earlier === undefined || earlier === because ? because : `${earlier}; ${because}`);
      }
    }
    return stars;
  }
}

function statementOf({ actions, resources, conditions = {} }: Grant): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [...resources], conditions });
}

function denialOf(grant: Grant): PolicyStatement {
  const statement = statementOf(grant).toStatementJson() as Record<string, unknown>;
  return PolicyStatement.fromJson({ ...statement, Effect: 'Deny' });
}

/** `<Bucket.Arn>/runs/*`, from what a token resolves to. */
function flatText(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved;
  const [[name, value] = ['', undefined]] = Object.entries(resolved as Record<string, unknown>);
  if (name === 'Ref') return `<${String(value)}>`;
  if (name === 'Fn::GetAtt') return `<${(value as string[]).join('.')}>`;
  if (name !== 'Fn::Join') throw new Error(`${name} in the ARN of a permission`);
  const [separator, parts] = value as [string, unknown[]];
  return parts.map(flatText).join(separator);
}
