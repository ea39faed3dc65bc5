import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as scheduler from '@aws-sdk/client-scheduler';
import { routesOf } from './rest.ts';

/** The REST services of a deployed platform, so that a fault can name an operation of theirs: `s3` `PutObject`. */
export const DEPLOYED_ROUTES = { s3: routesOf(s3), lambda: routesOf(lambda), scheduler: routesOf(scheduler) };
