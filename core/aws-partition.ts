/** The partition of a region, as ARNs begin with it; that of the commercial regions where the region is not known. */
export function partitionOf(region = ''): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
