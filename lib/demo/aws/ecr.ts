import {
  DescribeImagesCommand,
  DescribeImageScanFindingsCommand,
  DescribeRepositoriesCommand,
  RepositoryNotFoundException,
  ScanNotFoundException,
  type ImageDetail,
  type ImageScanFindings,
  type ImageScanStatus,
} from '@aws-sdk/client-ecr';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface EcrFixture {
  /** By the name of their repository. */
  readonly images?: Readonly<Record<string, readonly ImageDetail[]>>;
  /** By the digest of their image; of any other there is no scan. */
  readonly scans?: Readonly<Record<string, { readonly status: ImageScanStatus; readonly findings: ImageScanFindings }>>;
}

/** ECR with these images and their scans. */
export function ecr({ images = {}, scans = {} }: EcrFixture): ServiceAnswers {
  return serviceAnswers('ecr', '', [
    answer(DescribeRepositoriesCommand, ({ nextToken, maxResults = 100 }) => {
      const { items, next } = page(Object.keys(images), nextToken, maxResults);
      return { repositories: items.map((repositoryName) => ({ repositoryName })), nextToken: next };
    }),
    answer(DescribeImagesCommand, ({ repositoryName = '', nextToken, maxResults = 100 }) => {
      const its = images[repositoryName];
      if (its === undefined) {
        const message = `The repository with name '${repositoryName}' does not exist`;
        throw new RepositoryNotFoundException({ message, $metadata: {} });
      }
      const { items, next } = page(its, nextToken, maxResults);
      return { imageDetails: items, nextToken: next };
    }),
    answer(DescribeImageScanFindingsCommand, ({ repositoryName, imageId, nextToken, maxResults = 100 }) => {
      const scan = scans[imageId?.imageDigest ?? ''];
      if (scan === undefined) {
        const message = `Image scan does not exist for the image with '${imageId?.imageDigest ?? ''}'`;
        throw new ScanNotFoundException({ message, $metadata: {} });
      }
      const { findings = [], ...rest } = scan.findings;
      const { items, next } = page(findings, nextToken, maxResults);
      return {
        repositoryName,
        imageId,
        imageScanStatus: scan.status,
        imageScanFindings: { ...rest, findings: items },
        nextToken: next,
      };
    }),
  ]);
}
