import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** How long a version stays after it was replaced or removed: long enough to notice, and to prove what stood there. */
const REPLACED_VERSIONS_DAYS = 365;

/** The bucket that holds all state and evidence of a platform; it outlives its stack. */
export class StoreBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // Its name is generated: a retained bucket with a given one would stand in the way of the next stack.
    this.bucket = new Bucket(this, 'Resource', {
      removalPolicy: RemovalPolicy.RETAIN,
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        { noncurrentVersionExpiration: Duration.days(REPLACED_VERSIONS_DAYS) },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Writes are told by the records themselves: each names its run and its bundle, and every replaced version is ' +
        'kept. Who reads them is for the data events of the account, in a trail that this stack cannot switch off.',
    });
  }
}
