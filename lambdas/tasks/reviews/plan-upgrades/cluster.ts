import type { Stage } from './stage.ts';

export interface NodeGroup {
  readonly name: string;
  /** Absent for images of one's own. */
  readonly version: string | undefined;
  readonly imageType: string | undefined;
}

export interface AddOn {
  readonly name: string;
  readonly version: string;
}

export interface Cluster {
  readonly name: string;
  readonly version: string;
  readonly stage: Stage;
  /** False where the cluster is upgraded by itself when standard support ends. */
  readonly isExtendedSupportOn: boolean;
  /** Undefined where they could not be read. */
  readonly nodeGroups: readonly NodeGroup[] | undefined;
  readonly addOns: readonly AddOn[] | undefined;
  readonly insights: readonly Insight[] | undefined;
  readonly updates: readonly ClusterUpdate[] | undefined;
}

export interface KubernetesVersion {
  readonly version: string;
  readonly isDefault: boolean;
  readonly standardEnd: Date | undefined;
  readonly extendedEnd: Date | undefined;
}

export interface AddOnVersion {
  readonly version: string;
  readonly isDefault: boolean;
}

/** What EKS itself says of its versions. */
export interface ClusterVendor {
  readonly versions: readonly KubernetesVersion[];
  /** By add-on and version of Kubernetes: `coredns 1.33`. */
  readonly addOnVersions: ReadonlyMap<string, readonly AddOnVersion[]>;
}

/** An upgrade insight of EKS, as far as it is read: of one that passes no deprecations. */
export interface Insight {
  readonly name: string;
  /** The version of Kubernetes that it stands in the way of. */
  readonly version: string | undefined;
  readonly status: string;
  readonly reason: string;
  readonly refreshedAt: Date | undefined;
  readonly deprecations: readonly Deprecation[];
}

export interface Deprecation {
  readonly api: string;
  readonly replacement: string | undefined;
  readonly servedUntil: string | undefined;
  readonly clients: readonly { readonly agent: string; readonly lastCalledAt: Date | undefined }[];
}

/** A change of a cluster's version, as EKS remembers it. */
export interface ClusterUpdate {
  readonly type: string;
  readonly status: string;
  /** EKS names no end of it, so every clock here begins a little early. */
  readonly startedAt: Date | undefined;
  readonly version: string | undefined;
}
