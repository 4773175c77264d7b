import { Aws, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/** What the names of a region's services end in, as kms:ViaService has them: amazonaws.com, in China amazonaws.com.cn. */
export function serviceDomain(region: string): string {
  return (Token.isUnresolved(region) ? undefined : RegionInfo.get(region).domainSuffix) ?? Aws.URL_SUFFIX;
}
