import { connect } from 'node:net';
import { DescribeClusterCommand, EKSClient, type Cluster } from '@aws-sdk/client-eks';
import { KubeConfig, type Cluster as ClusterEntry } from '@kubernetes/client-node';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { awsClientSettings } from '../../runtime/aws-client.ts';
import { callTimeoutMs, type CallTime } from './_calls.ts';
import { eksToken } from './_eks-token.ts';
import { plainText } from './_text.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const DENIED = 'AccessDeniedException';
const EVERYWHERE = new Set(['0.0.0.0/0', '::/0']);

/** The caller may not describe the cluster. */
export class DescribeDenied extends Unavailable {
  readonly region: string;

  constructor(message: string, region: string) {
    super(message);
    this.region = region;
  }
}

let client: EKSClient | undefined;

/**
 * The way to an EKS cluster: its endpoint and authority by DescribeCluster, its token a presigned identity call.
 *
 * Throws `Unavailable` where there is no such cluster, no credentials, no permission or no way to its endpoint.
 */
export async function eksConfig(name: string, time: CallTime): Promise<KubeConfig> {
  client ??= new EKSClient(awsClientSettings());
  const region = await regionOf(client, name);
  const cluster = await describe(client, name, region, time);
  const { status = 'of unknown status', endpoint: server, certificateAuthority } = cluster;
  if (server === undefined || certificateAuthority?.data === undefined) {
    throw new Unavailable(`eks ${name}: the cluster is ${status} and has no endpoint`);
  }
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new Unavailable(`eks ${name}: its endpoint is not an https:// address`);
  }
  await requireWay(name, new URL(server), cluster, time);
  const config = new KubeConfig();
  const trusted = { name, server, caData: certificateAuthority.data, skipTLSVerify: false };
  await sign(config, trusted, time);
  return config;
}

/** Gives the way to an EKS cluster a token of now: EKS takes one for fifteen minutes, and a run may be longer. */
export async function signAgain(config: KubeConfig, time: CallTime): Promise<void> {
  const cluster = config.getCurrentCluster();
  if (cluster) await sign(config, cluster, time);
}

async function sign(config: KubeConfig, cluster: ClusterEntry, { clock }: CallTime): Promise<void> {
  client ??= new EKSClient(awsClientSettings());
  const region = await regionOf(client, cluster.name);
  const credentials = await client.config.credentials();
  const token = await eksToken(cluster.name, { region, credentials }, clock());
  config.loadFromClusterAndUser(cluster, { name: 'fettle', token });
}

async function regionOf({ config }: EKSClient, name: string): Promise<string> {
  try {
    return await config.region();
  } catch {
    // The SDK's own text speaks of a constructor that nobody who reads a report can change.
    throw new Unavailable(`eks ${name}: no region is known; write region in the environment, or set AWS_REGION`);
  }
}

async function describe(eks: EKSClient, name: string, region: string, time: CallTime): Promise<Cluster> {
  const abortSignal = AbortSignal.any([time.signal, AbortSignal.timeout(callTimeoutMs(time))]);
  try {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }), { abortSignal });
    if (cluster) return cluster;
  } catch (thrown) {
    const text = `eks ${name}: ${reasonOf(thrown, region)}`;
    if (thrown instanceof Error && thrown.name === DENIED) throw new DescribeDenied(text, region);
    throw new Unavailable(text);
  }
  throw new Unavailable(`eks ${name}: DescribeCluster answers without a cluster`);
}

function reasonOf(thrown: unknown, region: string): string {
  const name = thrown instanceof Error ? thrown.name : '';
  const said = plainText(messageOf(thrown));
  switch (name) {
    case 'ResourceNotFoundException':
      return `there is no such cluster in ${region}: ${said}`;
    case DENIED:
      return `the permission eks:DescribeCluster on the cluster is missing: ${said}`;
    case 'CredentialsProviderError':
      return `there are no AWS credentials: ${said}`;
    case 'ExpiredTokenException':
    case 'ExpiredToken':
    case 'InvalidSignatureException':
    case 'UnrecognizedClientException':
      return `AWS does not accept the credentials (${name}): ${said}`;
    case 'TimeoutError':
    case 'AbortError':
      return `DescribeCluster in ${region} gave no answer in time; without internet its VPC needs an endpoint of eks`;
    default:
      return `DescribeCluster in ${region} failed: ${name ? `${name}: ` : ''}${said}`;
  }
}

/** Where not everybody may reach the endpoint, an unanswered connection has a reason that is worth saying. */
async function requireWay(
  name: string,
  { hostname, port }: URL,
  { resourcesVpcConfig: { endpointPublicAccess, publicAccessCidrs = [] } = {} }: Cluster,
  time: CallTime,
): Promise<void> {
  const isPrivate = endpointPublicAccess === false;
  if (!isPrivate && (publicAccessCidrs.length === 0 || publicAccessCidrs.some((range) => EVERYWHERE.has(range))))
    return;
  const obstacle = await obstacleTo(hostname, Number(port || 443), time);
  if (obstacle === undefined) return;
  const why = isPrivate
    ? "it is private: give the environment a network in the cluster's VPC, and let its security group in on 443"
    : `only ${publicAccessCidrs.length} ranges of public addresses may reach it, and Fettle calls from another one`;
  throw new Unavailable(`eks ${name}: its endpoint ${hostname} cannot be reached (${obstacle}); ${why}`);
}

function obstacleTo(host: string, port: number, time: CallTime): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timeout = AbortSignal.timeout(Math.min(CONNECT_TIMEOUT_MS, callTimeoutMs(time)));
    const socket = connect({
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port,
      signal: AbortSignal.any([time.signal, timeout]),
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(error.name === 'AbortError' ? 'no answer' : plainText(error.message)));
  });
}
