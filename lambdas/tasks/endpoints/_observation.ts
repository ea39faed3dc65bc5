import type { Finding } from '../../../core/finding.ts';
import type { HealthKind } from './_health-findings.ts';

/** A finding without its place; the text goes on after the name of the endpoint. */
export interface Observation extends Pick<Finding<HealthKind>, 'kind' | 'value' | 'limit' | 'unit'> {
  readonly text: string;
  /** The part of the service that it is about. */
  readonly part?: string;
}
