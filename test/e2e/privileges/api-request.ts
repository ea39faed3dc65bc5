import type { IncomingHttpHeaders } from 'node:http';

/** A request as it stands on the line. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
