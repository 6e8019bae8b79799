/** CloudTrail records as AWS delivers them, one record of `Records` a document. Names are AWS's own, with these exceptions. */
export const cloudtrailPipeline = `name: aws_cloudtrail
priority: 10
transformations:
  # What was asked for is an object in a record, and text in rules made for a flattened one.
  - type: field_name_mapping
    mapping:
      requestParameters: [requestParameters, requestParameters.VersioningConfiguration.Status]
    rule_conditions: [{type: logsource, product: aws, service: cloudtrail}]
  # A record names only failure: what carries no error code went well.
  - id: status
    type: add_condition
    name: _succeeded
    conditions: {errorCode: null}
    rule_cond_op: and
    rule_conditions:
      - {type: logsource, product: aws, service: cloudtrail}
      - {type: contains_field, field: status}
  - type: drop_detection_item
    rule_conditions: [{type: processing_item_applied, processing_item_id: status}]
    field_name_conditions: [{type: include_fields, fields: [status]}]
`;

/** Events of Okta's System Log, one a document. Rules from before Okta's own names were taken over write them in lower case. */
export const oktaPipeline = `name: okta
priority: 10
transformations:
  - type: field_name_mapping
    mapping:
      actor.alternateid: actor.alternateId
      actor.displayname: actor.displayName
      client.ipaddress: client.ipAddress
      client.useragent.rawuseragent: client.userAgent.rawUserAgent
      debugcontext.debugdata.behaviors: debugContext.debugData.behaviors
      debugcontext.debugdata.logonlysecuritydata: debugContext.debugData.logOnlySecurityData
      debugcontext.debugdata.requesturi: debugContext.debugData.requestUri
      displaymessage: displayMessage
      eventtype: eventType
      legacyeventtype: legacyEventType
      securitycontext.isproxy: securityContext.isProxy
      target.alternateid: target.alternateId
      target.displayname: target.displayName
    rule_conditions: [{type: logsource, product: okta}]
`;

/** Entries of GitHub's audit log, from its stream or its API. Their names are those of the rules; only the time goes by two. */
export const githubPipeline = `name: github_audit
priority: 10
transformations:
  - type: field_name_mapping
    mapping:
      timestamp: ["@timestamp", created_at]
    rule_conditions: [{type: logsource, product: github, service: audit}]
`;

/** Audit events of a Kubernetes API server (audit.k8s.io/v1), one a document. */
export const kubernetesPipeline = `name: kubernetes_audit
priority: 10
transformations:
  # One request is told at several stages; its arrival is told again when it is answered.
  - type: add_condition
    name: _received
    conditions: {stage: RequestReceived}
    negated: true
    rule_conditions: [{type: logsource, product: kubernetes, service: audit}]
  - type: field_name_mapping
    mapping:
      apiGroup: objectRef.apiGroup
      capabilities:
        - requestObject.spec.containers.securityContext.capabilities.add
        - requestObject.spec.initContainers.securityContext.capabilities.add
        - requestObject.spec.template.spec.containers.securityContext.capabilities.add
        - requestObject.spec.template.spec.initContainers.securityContext.capabilities.add
      hostPath:
        - requestObject.spec.volumes.hostPath.path
        - requestObject.spec.template.spec.volumes.hostPath.path
      namespace: objectRef.namespace
      resource: objectRef.resource
      subresource: objectRef.subresource
      user: user.username
    rule_conditions: [{type: logsource, product: kubernetes, service: audit}]
`;
