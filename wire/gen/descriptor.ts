// Made from proto/ by scripts/generate-wire.ts; do not edit.

export const descriptor: unknown = {
 "nested": {
  "shunt": {
   "nested": {
    "v1": {
     "nested": {
      "Agents": {
       "methods": {
        "Session": {
         "requestType": "AgentMessage",
         "requestStream": true,
         "responseType": "CoordinatorMessage",
         "responseStream": true
        }
       }
      },
      "AgentMessage": {
       "oneofs": {
        "body": {
         "oneof": [
          "hello",
          "inventory",
          "state",
          "orderResult"
         ]
        }
       },
       "fields": {
        "hello": {
         "type": "AgentHello",
         "id": 1
        },
        "inventory": {
         "type": "HostInventory",
         "id": 2
        },
        "state": {
         "type": "AttemptState",
         "id": 3
        },
        "orderResult": {
         "type": "OrderResult",
         "id": 4
        }
       }
      },
      "CoordinatorMessage": {
       "oneofs": {
        "body": {
         "oneof": [
          "welcome",
          "order"
         ]
        }
       },
       "fields": {
        "welcome": {
         "type": "Welcome",
         "id": 1
        },
        "order": {
         "type": "Order",
         "id": 2
        }
       }
      },
      "Welcome": {
       "fields": {
        "site": {
         "type": "string",
         "id": 1
        },
        "coordinatorId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "AgentHello": {
       "oneofs": {
        "_attempt": {
         "oneof": [
          "attempt"
         ]
        }
       },
       "fields": {
        "site": {
         "type": "string",
         "id": 1
        },
        "systemId": {
         "type": "string",
         "id": 2
        },
        "hostname": {
         "type": "string",
         "id": 3
        },
        "version": {
         "type": "string",
         "id": 4
        },
        "bootId": {
         "type": "string",
         "id": 5
        },
        "mode": {
         "type": "string",
         "id": 6
        },
        "highestEpoch": {
         "type": "uint64",
         "id": 7
        },
        "attempt": {
         "type": "AttemptState",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "HostInventory": {
       "fields": {
        "taps": {
         "rule": "repeated",
         "type": "TapFacts",
         "id": 1
        },
        "bridges": {
         "rule": "repeated",
         "type": "LegacyBridgeFacts",
         "id": 2
        },
        "findings": {
         "rule": "repeated",
         "type": "Finding",
         "id": 3
        },
        "chassisReady": {
         "type": "bool",
         "id": 4
        },
        "ovsVersion": {
         "type": "string",
         "id": 5
        },
        "datapathType": {
         "type": "string",
         "id": 6
        }
       }
      },
      "TapFacts": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "ifindex": {
         "type": "uint32",
         "id": 2
        },
        "hostMac": {
         "type": "string",
         "id": 3
        },
        "mtu": {
         "type": "uint32",
         "id": 4
        },
        "linkUp": {
         "type": "bool",
         "id": 5
        },
        "plug": {
         "type": "TapPlug",
         "id": 6
        }
       }
      },
      "TapPlug": {
       "oneofs": {
        "plug": {
         "oneof": [
          "legacy",
          "target",
          "none",
          "shunt"
         ]
        }
       },
       "fields": {
        "legacy": {
         "type": "LegacyPlug",
         "id": 1
        },
        "target": {
         "type": "TargetPlug",
         "id": 2
        },
        "none": {
         "type": "NoPlug",
         "id": 3
        },
        "shunt": {
         "type": "ShuntPlug",
         "id": 4
        }
       }
      },
      "LegacyPlug": {
       "oneofs": {
        "_source": {
         "oneof": [
          "source"
         ]
        },
        "_ifaceId": {
         "oneof": [
          "ifaceId"
         ]
        }
       },
       "fields": {
        "bridge": {
         "type": "string",
         "id": 1
        },
        "source": {
         "type": "string",
         "id": 2,
         "options": {
          "proto3_optional": true
         }
        },
        "ifaceId": {
         "type": "string",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "ShuntPlug": {
       "oneofs": {
        "_legacyBridge": {
         "oneof": [
          "legacyBridge"
         ]
        },
        "_source": {
         "oneof": [
          "source"
         ]
        },
        "_ofport": {
         "oneof": [
          "ofport"
         ]
        }
       },
       "fields": {
        "place": {
         "type": "string",
         "id": 1
        },
        "bridge": {
         "type": "string",
         "id": 2
        },
        "legacyBridge": {
         "type": "string",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "source": {
         "type": "string",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "ifaceId": {
         "type": "string",
         "id": 5
        },
        "ofport": {
         "type": "uint32",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "installed": {
         "type": "bool",
         "id": 7
        }
       }
      },
      "TargetPlug": {
       "oneofs": {
        "_ofport": {
         "oneof": [
          "ofport"
         ]
        }
       },
       "fields": {
        "bridge": {
         "type": "string",
         "id": 1
        },
        "ifaceId": {
         "type": "string",
         "id": 2
        },
        "ofport": {
         "type": "uint32",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "installed": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "NoPlug": {
       "fields": {}
      },
      "LegacyBridgeFacts": {
       "oneofs": {
        "_uplink": {
         "oneof": [
          "uplink"
         ]
        },
        "_provider": {
         "oneof": [
          "provider"
         ]
        }
       },
       "fields": {
        "bridge": {
         "type": "string",
         "id": 1
        },
        "mtu": {
         "type": "uint32",
         "id": 2
        },
        "uplink": {
         "type": "string",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "provider": {
         "type": "ProviderLeg",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "members": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        }
       }
      },
      "ProviderLeg": {
       "oneofs": {
        "_tag": {
         "oneof": [
          "tag"
         ]
        }
       },
       "fields": {
        "bridge": {
         "type": "string",
         "id": 1
        },
        "port": {
         "type": "string",
         "id": 2
        },
        "tag": {
         "type": "uint32",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "AttemptState": {
       "oneofs": {
        "_why": {
         "oneof": [
          "why"
         ]
        },
        "_code": {
         "oneof": [
          "code"
         ]
        },
        "_remainingMs": {
         "oneof": [
          "remainingMs"
         ]
        },
        "_verdict": {
         "oneof": [
          "verdict"
         ]
        },
        "_operation": {
         "oneof": [
          "operation"
         ]
        }
       },
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "phase": {
         "type": "string",
         "id": 2
        },
        "direction": {
         "type": "string",
         "id": 3
        },
        "method": {
         "type": "string",
         "id": 4
        },
        "why": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "code": {
         "type": "string",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "remainingMs": {
         "type": "double",
         "id": 7,
         "options": {
          "proto3_optional": true
         }
        },
        "verdict": {
         "type": "Verdict",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        },
        "baseline": {
         "rule": "repeated",
         "type": "ProbeResult",
         "id": 9
        },
        "blackouts": {
         "rule": "repeated",
         "type": "Blackout",
         "id": 10
        },
        "repair": {
         "rule": "repeated",
         "type": "string",
         "id": 11
        },
        "operation": {
         "type": "string",
         "id": 12,
         "options": {
          "proto3_optional": true
         }
        },
        "gone": {
         "rule": "repeated",
         "type": "string",
         "id": 13
        }
       }
      },
      "Verdict": {
       "fields": {
        "kind": {
         "type": "string",
         "id": 1
        },
        "taps": {
         "keyType": "string",
         "type": "TapVerdict",
         "id": 2
        }
       }
      },
      "TapVerdict": {
       "oneofs": {
        "verdict": {
         "oneof": [
          "pass",
          "fail",
          "noEvidence",
          "inconclusive"
         ]
        }
       },
       "fields": {
        "pass": {
         "type": "Passed",
         "id": 1
        },
        "fail": {
         "type": "Failed",
         "id": 2
        },
        "noEvidence": {
         "type": "NoEvidence",
         "id": 3
        },
        "inconclusive": {
         "type": "Inconclusive",
         "id": 4
        }
       }
      },
      "Passed": {
       "fields": {}
      },
      "Failed": {
       "fields": {
        "vantages": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        }
       }
      },
      "NoEvidence": {
       "fields": {}
      },
      "Inconclusive": {
       "fields": {
        "message": {
         "type": "string",
         "id": 1
        }
       }
      },
      "Order": {
       "oneofs": {
        "order": {
         "oneof": [
          "prepare",
          "ensureProbes",
          "cut",
          "commit",
          "revert",
          "probe",
          "resolve"
         ]
        }
       },
       "fields": {
        "orderId": {
         "type": "string",
         "id": 1
        },
        "prepare": {
         "type": "PrepareOrder",
         "id": 2
        },
        "ensureProbes": {
         "type": "EnsureProbesOrder",
         "id": 3
        },
        "cut": {
         "type": "CutOrder",
         "id": 4
        },
        "commit": {
         "type": "CommitOrder",
         "id": 5
        },
        "revert": {
         "type": "RevertOrder",
         "id": 6
        },
        "probe": {
         "type": "ProbeOrder",
         "id": 7
        },
        "resolve": {
         "type": "ResolveOrder",
         "id": 8
        }
       }
      },
      "PrepareOrder": {
       "oneofs": {
        "_operation": {
         "oneof": [
          "operation"
         ]
        }
       },
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "direction": {
         "type": "string",
         "id": 2
        },
        "taps": {
         "rule": "repeated",
         "type": "TapTarget",
         "id": 3
        },
        "networks": {
         "rule": "repeated",
         "type": "NetworkTarget",
         "id": 4
        },
        "operation": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "EnsureProbesOrder": {
       "fields": {
        "networks": {
         "rule": "repeated",
         "type": "NetworkTarget",
         "id": 1
        }
       }
      },
      "CutOrder": {
       "fields": {
        "grant": {
         "type": "CutGrant",
         "id": 1
        }
       }
      },
      "CommitOrder": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "RevertOrder": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "why": {
         "type": "string",
         "id": 2
        }
       }
      },
      "ResolveOrder": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ProbeOrder": {
       "fields": {
        "vantage": {
         "type": "string",
         "id": 1
        },
        "networkId": {
         "type": "string",
         "id": 2
        },
        "targets": {
         "rule": "repeated",
         "type": "ProbeTarget",
         "id": 3
        },
        "rounds": {
         "type": "uint32",
         "id": 4
        },
        "intervalMs": {
         "type": "double",
         "id": 5
        }
       }
      },
      "ProbeTarget": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "portId": {
         "type": "string",
         "id": 2
        },
        "mac": {
         "type": "string",
         "id": 3
        },
        "ips": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "CutGrant": {
       "oneofs": {
        "_operation": {
         "oneof": [
          "operation"
         ]
        }
       },
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "direction": {
         "type": "string",
         "id": 2
        },
        "method": {
         "type": "string",
         "id": 3
        },
        "taps": {
         "rule": "repeated",
         "type": "TapTarget",
         "id": 4
        },
        "networks": {
         "rule": "repeated",
         "type": "NetworkTarget",
         "id": 5
        },
        "deadlineMs": {
         "type": "double",
         "id": 6
        },
        "soakMs": {
         "type": "double",
         "id": 7
        },
        "commitOn": {
         "type": "string",
         "id": 8
        },
        "batchSize": {
         "type": "uint32",
         "id": 9
        },
        "operation": {
         "type": "string",
         "id": 10,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "OrderResult": {
       "oneofs": {
        "result": {
         "oneof": [
          "accepted",
          "refused"
         ]
        }
       },
       "fields": {
        "orderId": {
         "type": "string",
         "id": 1
        },
        "accepted": {
         "type": "OrderAccepted",
         "id": 2
        },
        "refused": {
         "type": "OrderRefused",
         "id": 3
        }
       }
      },
      "OrderAccepted": {
       "oneofs": {
        "_resolved": {
         "oneof": [
          "resolved"
         ]
        }
       },
       "fields": {
        "probes": {
         "rule": "repeated",
         "type": "ProbeResult",
         "id": 1
        },
        "findings": {
         "rule": "repeated",
         "type": "Finding",
         "id": 2
        },
        "resolved": {
         "type": "Resolution",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "Resolution": {
       "fields": {
        "rest": {
         "type": "string",
         "id": 1
        },
        "outcome": {
         "type": "string",
         "id": 2
        }
       }
      },
      "OrderRefused": {
       "fields": {
        "code": {
         "type": "string",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        },
        "findings": {
         "rule": "repeated",
         "type": "Finding",
         "id": 3
        },
        "repair": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "Finding": {
       "oneofs": {
        "_host": {
         "oneof": [
          "host"
         ]
        },
        "_tap": {
         "oneof": [
          "tap"
         ]
        },
        "_portId": {
         "oneof": [
          "portId"
         ]
        },
        "_networkId": {
         "oneof": [
          "networkId"
         ]
        }
       },
       "fields": {
        "kind": {
         "type": "string",
         "id": 1
        },
        "severity": {
         "type": "string",
         "id": 2
        },
        "host": {
         "type": "string",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "tap": {
         "type": "string",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "portId": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "networkId": {
         "type": "string",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "message": {
         "type": "string",
         "id": 7
        }
       }
      },
      "TapTarget": {
       "oneofs": {
        "_deviceId": {
         "oneof": [
          "deviceId"
         ]
        },
        "_method": {
         "oneof": [
          "method"
         ]
        },
        "_source": {
         "oneof": [
          "source"
         ]
        }
       },
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "portId": {
         "type": "string",
         "id": 2
        },
        "networkId": {
         "type": "string",
         "id": 3
        },
        "mac": {
         "type": "string",
         "id": 4
        },
        "ips": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "legacyBridge": {
         "type": "string",
         "id": 6
        },
        "deviceId": {
         "type": "string",
         "id": 7,
         "options": {
          "proto3_optional": true
         }
        },
        "macs": {
         "rule": "repeated",
         "type": "string",
         "id": 8
        },
        "method": {
         "type": "string",
         "id": 9,
         "options": {
          "proto3_optional": true
         }
        },
        "source": {
         "type": "string",
         "id": 10,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "NetworkTarget": {
       "oneofs": {
        "_legacyBridge": {
         "oneof": [
          "legacyBridge"
         ]
        },
        "_vlan": {
         "oneof": [
          "vlan"
         ]
        },
        "_probe": {
         "oneof": [
          "probe"
         ]
        },
        "_barrier": {
         "oneof": [
          "barrier"
         ]
        }
       },
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "legacyBridge": {
         "type": "string",
         "id": 2,
         "options": {
          "proto3_optional": true
         }
        },
        "class": {
         "type": "string",
         "id": 3
        },
        "vlan": {
         "type": "uint32",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "mtu": {
         "type": "uint32",
         "id": 5
        },
        "probe": {
         "type": "ProbePort",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "barrier": {
         "type": "string",
         "id": 7,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "ProbePort": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "mac": {
         "type": "string",
         "id": 2
        },
        "ip": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ProbeResult": {
       "oneofs": {
        "_rttMs": {
         "oneof": [
          "rttMs"
         ]
        },
        "_largeAnswered": {
         "oneof": [
          "largeAnswered"
         ]
        },
        "_from": {
         "oneof": [
          "from"
         ]
        },
        "_largeSent": {
         "oneof": [
          "largeSent"
         ]
        },
        "_byIp": {
         "oneof": [
          "byIp"
         ]
        }
       },
       "fields": {
        "vantage": {
         "type": "string",
         "id": 1
        },
        "tap": {
         "type": "string",
         "id": 2
        },
        "portId": {
         "type": "string",
         "id": 3
        },
        "sent": {
         "type": "uint32",
         "id": 4
        },
        "answered": {
         "type": "uint32",
         "id": 5
        },
        "rttMs": {
         "type": "double",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "largeAnswered": {
         "type": "uint32",
         "id": 7,
         "options": {
          "proto3_optional": true
         }
        },
        "from": {
         "type": "string",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        },
        "largeSent": {
         "type": "uint32",
         "id": 9,
         "options": {
          "proto3_optional": true
         }
        },
        "byIp": {
         "type": "bool",
         "id": 10,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "Blackout": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "portId": {
         "type": "string",
         "id": 2
        },
        "blackoutMs": {
         "type": "double",
         "id": 3
        },
        "resolutionMs": {
         "type": "double",
         "id": 4
        },
        "lost": {
         "type": "uint32",
         "id": 5
        },
        "sent": {
         "type": "uint32",
         "id": 6
        }
       }
      },
      "Operators": {
       "methods": {
        "CreatePlan": {
         "requestType": "CreatePlanRequest",
         "responseType": "Plan"
        },
        "ListPlans": {
         "requestType": "ListPlansRequest",
         "responseType": "ListPlansReply"
        },
        "GetPlan": {
         "requestType": "GetPlanRequest",
         "responseType": "Plan"
        },
        "ApprovePlan": {
         "requestType": "ApprovePlanRequest",
         "responseType": "Plan"
        },
        "StartWave": {
         "requestType": "StartWaveRequest",
         "responseType": "RunView"
        },
        "ListRuns": {
         "requestType": "ListRunsRequest",
         "responseType": "ListRunsReply"
        },
        "GetRun": {
         "requestType": "GetRunRequest",
         "responseType": "RunView"
        },
        "PauseRun": {
         "requestType": "PauseRunRequest",
         "responseType": "RunView"
        },
        "ResumeRun": {
         "requestType": "ResumeRunRequest",
         "responseType": "RunView"
        },
        "AbortRun": {
         "requestType": "AbortRunRequest",
         "responseType": "RunView"
        },
        "RetryHost": {
         "requestType": "RetryHostRequest",
         "responseType": "RunView"
        },
        "LeaveHost": {
         "requestType": "LeaveHostRequest",
         "responseType": "RunView"
        },
        "ListHosts": {
         "requestType": "ListHostsRequest",
         "responseType": "ListHostsReply"
        },
        "GetHost": {
         "requestType": "GetHostRequest",
         "responseType": "HostView"
        },
        "RevertHost": {
         "requestType": "RevertHostRequest",
         "responseType": "HostView"
        },
        "OperateHost": {
         "requestType": "OperateHostRequest",
         "responseType": "HostView"
        },
        "ResolveHost": {
         "requestType": "ResolveHostRequest",
         "responseType": "HostView"
        },
        "Why": {
         "requestType": "WhyRequest",
         "responseType": "WhyReply"
        },
        "Sweep": {
         "requestType": "SweepRequest",
         "responseType": "SweepReply"
        },
        "Reconcile": {
         "requestType": "ReconcileRequest",
         "responseType": "ReconcileReply"
        },
        "GetStatus": {
         "requestType": "GetStatusRequest",
         "responseType": "CoordinatorStatus"
        },
        "Events": {
         "requestType": "EventsRequest",
         "responseType": "Event",
         "responseStream": true
        },
        "WatchRun": {
         "requestType": "WatchRunRequest",
         "responseType": "RunView",
         "responseStream": true
        }
       }
      },
      "CreatePlanRequest": {
       "fields": {
        "yaml": {
         "type": "string",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        }
       }
      },
      "ListPlansRequest": {
       "fields": {}
      },
      "ListPlansReply": {
       "fields": {
        "plans": {
         "rule": "repeated",
         "type": "PlanSummary",
         "id": 1
        }
       }
      },
      "GetPlanRequest": {
       "fields": {
        "planId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ApprovePlanRequest": {
       "fields": {
        "planId": {
         "type": "string",
         "id": 1
        },
        "hash": {
         "type": "string",
         "id": 2
        },
        "by": {
         "type": "string",
         "id": 3
        }
       }
      },
      "StartWaveRequest": {
       "oneofs": {
        "_wave": {
         "oneof": [
          "wave"
         ]
        }
       },
       "fields": {
        "planId": {
         "type": "string",
         "id": 1
        },
        "wave": {
         "type": "uint32",
         "id": 2,
         "options": {
          "proto3_optional": true
         }
        },
        "all": {
         "type": "bool",
         "id": 3
        },
        "by": {
         "type": "string",
         "id": 4
        }
       }
      },
      "ListRunsRequest": {
       "fields": {}
      },
      "ListRunsReply": {
       "fields": {
        "runs": {
         "rule": "repeated",
         "type": "RunView",
         "id": 1
        }
       }
      },
      "GetRunRequest": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "PauseRunRequest": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "why": {
         "type": "string",
         "id": 2
        },
        "by": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ResumeRunRequest": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "by": {
         "type": "string",
         "id": 2
        }
       }
      },
      "AbortRunRequest": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "by": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RetryHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        }
       }
      },
      "LeaveHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ListHostsRequest": {
       "fields": {}
      },
      "ListHostsReply": {
       "fields": {
        "hosts": {
         "rule": "repeated",
         "type": "HostView",
         "id": 1
        }
       }
      },
      "GetHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RevertHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        }
       }
      },
      "OperateHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        },
        "verb": {
         "type": "string",
         "id": 2
        },
        "by": {
         "type": "string",
         "id": 3
        },
        "why": {
         "type": "string",
         "id": 4
        }
       }
      },
      "ResolveHostRequest": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        },
        "gone": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "WhyRequest": {
       "fields": {
        "target": {
         "type": "WhyTarget",
         "id": 1
        }
       }
      },
      "WhyTarget": {
       "oneofs": {
        "target": {
         "oneof": [
          "host",
          "run"
         ]
        }
       },
       "fields": {
        "host": {
         "type": "WhyHost",
         "id": 1
        },
        "run": {
         "type": "WhyRun",
         "id": 2
        }
       }
      },
      "WhyHost": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        }
       }
      },
      "WhyRun": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        },
        "_wave": {
         "oneof": [
          "wave"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "wave": {
         "type": "uint32",
         "id": 2,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "WhyReply": {
       "fields": {
        "conditions": {
         "rule": "repeated",
         "type": "UnmetCondition",
         "id": 1
        }
       }
      },
      "GetStatusRequest": {
       "fields": {}
      },
      "EventsRequest": {
       "fields": {
        "sinceSeq": {
         "type": "uint64",
         "id": 1
        },
        "follow": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "WatchRunRequest": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "runId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "PlanSummary": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "hash": {
         "type": "string",
         "id": 2
        },
        "name": {
         "type": "string",
         "id": 3
        },
        "createdAt": {
         "type": "string",
         "id": 4
        },
        "createdBy": {
         "type": "string",
         "id": 5
        },
        "method": {
         "type": "string",
         "id": 6
        },
        "waves": {
         "type": "uint32",
         "id": 7
        },
        "hosts": {
         "type": "uint32",
         "id": 8
        },
        "held": {
         "type": "uint32",
         "id": 9
        },
        "approvals": {
         "type": "uint32",
         "id": 10
        }
       }
      },
      "Plan": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "hash": {
         "type": "string",
         "id": 2
        },
        "createdAt": {
         "type": "string",
         "id": 3
        },
        "createdBy": {
         "type": "string",
         "id": 4
        },
        "spec": {
         "type": "PlanSpec",
         "id": 5
        },
        "waves": {
         "rule": "repeated",
         "type": "PlannedWave",
         "id": 6
        },
        "held": {
         "rule": "repeated",
         "type": "HeldHost",
         "id": 7
        },
        "approvals": {
         "rule": "repeated",
         "type": "Approval",
         "id": 8
        }
       }
      },
      "PlanSpec": {
       "oneofs": {
        "_canary": {
         "oneof": [
          "canary"
         ]
        },
        "_zoneCap": {
         "oneof": [
          "zoneCap"
         ]
        },
        "_remoteVantage": {
         "oneof": [
          "remoteVantage"
         ]
        },
        "_acceptNoEvidence": {
         "oneof": [
          "acceptNoEvidence"
         ]
        },
        "_slice": {
         "oneof": [
          "slice"
         ]
        },
        "_goal": {
         "oneof": [
          "goal"
         ]
        }
       },
       "fields": {
        "version": {
         "type": "uint32",
         "id": 1
        },
        "name": {
         "type": "string",
         "id": 2
        },
        "method": {
         "type": "string",
         "id": 3
        },
        "include": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "exclude": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "canary": {
         "type": "string",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "waveSize": {
         "type": "uint32",
         "id": 7
        },
        "maxOpen": {
         "type": "uint32",
         "id": 8
        },
        "errorBudget": {
         "type": "uint32",
         "id": 9
        },
        "zones": {
         "keyType": "string",
         "type": "Globs",
         "id": 10
        },
        "zoneCap": {
         "type": "uint32",
         "id": 11,
         "options": {
          "proto3_optional": true
         }
        },
        "deadlineMs": {
         "type": "double",
         "id": 12
        },
        "soakMs": {
         "type": "double",
         "id": 13
        },
        "commitOn": {
         "type": "string",
         "id": 14
        },
        "batchSize": {
         "type": "uint32",
         "id": 15
        },
        "remoteVantage": {
         "type": "string",
         "id": 16,
         "options": {
          "proto3_optional": true
         }
        },
        "acceptNoEvidence": {
         "type": "bool",
         "id": 17,
         "options": {
          "proto3_optional": true
         }
        },
        "methods": {
         "rule": "repeated",
         "type": "MethodRule",
         "id": 18
        },
        "slice": {
         "type": "Slice",
         "id": 19,
         "options": {
          "proto3_optional": true
         }
        },
        "goal": {
         "type": "string",
         "id": 20,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "MethodRule": {
       "fields": {
        "hosts": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "networks": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "method": {
         "type": "string",
         "id": 3
        }
       }
      },
      "Slice": {
       "fields": {
        "projects": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "networks": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        }
       }
      },
      "Globs": {
       "fields": {
        "globs": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        }
       }
      },
      "PlannedWave": {
       "oneofs": {
        "_direction": {
         "oneof": [
          "direction"
         ]
        },
        "_together": {
         "oneof": [
          "together"
         ]
        }
       },
       "fields": {
        "number": {
         "type": "uint32",
         "id": 1
        },
        "canary": {
         "type": "bool",
         "id": 2
        },
        "hosts": {
         "rule": "repeated",
         "type": "PlannedHost",
         "id": 3
        },
        "operations": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "direction": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "together": {
         "type": "bool",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "PlannedHost": {
       "oneofs": {
        "_zone": {
         "oneof": [
          "zone"
         ]
        }
       },
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "zone": {
         "type": "string",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "taps": {
         "rule": "repeated",
         "type": "TapTarget",
         "id": 4
        },
        "networks": {
         "rule": "repeated",
         "type": "NetworkTarget",
         "id": 5
        }
       }
      },
      "HeldHost": {
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "holds": {
         "rule": "repeated",
         "type": "HoldReason",
         "id": 3
        }
       }
      },
      "Approval": {
       "fields": {
        "by": {
         "type": "string",
         "id": 1
        },
        "at": {
         "type": "string",
         "id": 2
        },
        "hash": {
         "type": "string",
         "id": 3
        }
       }
      },
      "HoldReason": {
       "oneofs": {
        "reason": {
         "oneof": [
          "optedOut",
          "agentNotConnected",
          "agentPassive",
          "chassisMissing",
          "noTaps",
          "finding",
          "servicePort",
          "overlayNeedsStaging",
          "alreadyOnTarget",
          "openAttempt",
          "stuck",
          "fleetStuck",
          "waveFull",
          "zoneFull",
          "runPaused",
          "earlierWave",
          "notApproved",
          "reportsDown",
          "noPeer",
          "notIncluded",
          "nbDown",
          "inventoryMissing",
          "waveNotStarted",
          "needsRetry",
          "resolving",
          "planOutdated",
          "atGoal",
          "methodRefused",
          "tapElsewhere",
          "overlayIncomplete",
          "overlayBarrier",
          "waveTogether",
          "ledgerBehind"
         ]
        }
       },
       "fields": {
        "optedOut": {
         "type": "OptedOut",
         "id": 1
        },
        "agentNotConnected": {
         "type": "NoFacts",
         "id": 2
        },
        "agentPassive": {
         "type": "NoFacts",
         "id": 3
        },
        "chassisMissing": {
         "type": "NoFacts",
         "id": 4
        },
        "noTaps": {
         "type": "NoFacts",
         "id": 5
        },
        "finding": {
         "type": "FindingHold",
         "id": 6
        },
        "servicePort": {
         "type": "ServicePortHold",
         "id": 7
        },
        "overlayNeedsStaging": {
         "type": "NetworkHold",
         "id": 8
        },
        "alreadyOnTarget": {
         "type": "NoFacts",
         "id": 9
        },
        "openAttempt": {
         "type": "EpochHold",
         "id": 10
        },
        "stuck": {
         "type": "EpochHold",
         "id": 11
        },
        "fleetStuck": {
         "type": "FleetStuckHold",
         "id": 12
        },
        "waveFull": {
         "type": "WaveFullHold",
         "id": 13
        },
        "zoneFull": {
         "type": "ZoneFullHold",
         "id": 14
        },
        "runPaused": {
         "type": "RunPausedHold",
         "id": 15
        },
        "earlierWave": {
         "type": "EarlierWaveHold",
         "id": 16
        },
        "notApproved": {
         "type": "NoFacts",
         "id": 17
        },
        "reportsDown": {
         "type": "NoFacts",
         "id": 18
        },
        "noPeer": {
         "type": "NetworkHold",
         "id": 19
        },
        "notIncluded": {
         "type": "NoFacts",
         "id": 20
        },
        "nbDown": {
         "type": "NoFacts",
         "id": 21
        },
        "inventoryMissing": {
         "type": "NoFacts",
         "id": 22
        },
        "waveNotStarted": {
         "type": "WaveNotStartedHold",
         "id": 23
        },
        "needsRetry": {
         "type": "NeedsRetryHold",
         "id": 24
        },
        "resolving": {
         "type": "ResolvingHold",
         "id": 25
        },
        "planOutdated": {
         "type": "PlanOutdatedHold",
         "id": 26
        },
        "atGoal": {
         "type": "AtGoalHold",
         "id": 27
        },
        "methodRefused": {
         "type": "MethodRefusedHold",
         "id": 28
        },
        "tapElsewhere": {
         "type": "TapElsewhereHold",
         "id": 29
        },
        "overlayIncomplete": {
         "type": "OverlayIncompleteHold",
         "id": 30
        },
        "overlayBarrier": {
         "type": "OverlayBarrierHold",
         "id": 31
        },
        "waveTogether": {
         "type": "WaveTogetherHold",
         "id": 32
        },
        "ledgerBehind": {
         "type": "LedgerBehindHold",
         "id": 33
        }
       }
      },
      "NoFacts": {
       "fields": {}
      },
      "OptedOut": {
       "fields": {
        "by": {
         "type": "string",
         "id": 1
        }
       }
      },
      "FindingHold": {
       "fields": {
        "finding": {
         "type": "Finding",
         "id": 1
        }
       }
      },
      "ServicePortHold": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "port": {
         "type": "string",
         "id": 2
        }
       }
      },
      "NetworkHold": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "EpochHold": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "FleetStuckHold": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        }
       }
      },
      "WaveFullHold": {
       "fields": {
        "open": {
         "type": "uint32",
         "id": 1
        },
        "maxOpen": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "ZoneFullHold": {
       "fields": {
        "zone": {
         "type": "string",
         "id": 1
        },
        "open": {
         "type": "uint32",
         "id": 2
        },
        "cap": {
         "type": "uint32",
         "id": 3
        }
       }
      },
      "RunPausedHold": {
       "fields": {
        "why": {
         "type": "string",
         "id": 1
        }
       }
      },
      "EarlierWaveHold": {
       "fields": {
        "wave": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "WaveNotStartedHold": {
       "fields": {
        "wave": {
         "type": "uint32",
         "id": 1
        },
        "throughWave": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "NeedsRetryHold": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "outcome": {
         "type": "string",
         "id": 2
        }
       }
      },
      "ResolvingHold": {
       "fields": {
        "host": {
         "type": "string",
         "id": 1
        }
       }
      },
      "PlanOutdatedHold": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        }
       }
      },
      "AtGoalHold": {
       "fields": {
        "goal": {
         "type": "string",
         "id": 1
        }
       }
      },
      "MethodRefusedHold": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "source": {
         "type": "string",
         "id": 2
        },
        "method": {
         "type": "string",
         "id": 3
        }
       }
      },
      "TapElsewhereHold": {
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "place": {
         "type": "string",
         "id": 2
        },
        "needs": {
         "type": "string",
         "id": 3
        }
       }
      },
      "OverlayIncompleteHold": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "host": {
         "type": "string",
         "id": 2
        }
       }
      },
      "OverlayBarrierHold": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "operation": {
         "type": "string",
         "id": 2
        },
        "host": {
         "type": "string",
         "id": 3
        },
        "place": {
         "type": "string",
         "id": 4
        },
        "others": {
         "type": "uint32",
         "id": 5
        }
       }
      },
      "WaveTogetherHold": {
       "fields": {
        "wave": {
         "type": "uint32",
         "id": 1
        },
        "host": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        }
       }
      },
      "LedgerBehindHold": {
       "fields": {
        "hosts": {
         "type": "uint32",
         "id": 1
        },
        "why": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RunView": {
       "oneofs": {
        "_pausedWhy": {
         "oneof": [
          "pausedWhy"
         ]
        },
        "_throughWave": {
         "oneof": [
          "throughWave"
         ]
        }
       },
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "planId": {
         "type": "string",
         "id": 2
        },
        "planName": {
         "type": "string",
         "id": 3
        },
        "state": {
         "type": "string",
         "id": 4
        },
        "pausedWhy": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "errors": {
         "type": "uint32",
         "id": 6
        },
        "errorBudget": {
         "type": "uint32",
         "id": 7
        },
        "throughWave": {
         "type": "uint32",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        },
        "waves": {
         "rule": "repeated",
         "type": "WaveView",
         "id": 9
        }
       }
      },
      "WaveView": {
       "oneofs": {
        "_direction": {
         "oneof": [
          "direction"
         ]
        },
        "_together": {
         "oneof": [
          "together"
         ]
        }
       },
       "fields": {
        "number": {
         "type": "uint32",
         "id": 1
        },
        "state": {
         "type": "string",
         "id": 2
        },
        "hosts": {
         "rule": "repeated",
         "type": "WaveHostView",
         "id": 3
        },
        "operations": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "direction": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "together": {
         "type": "bool",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "WaveHostView": {
       "oneofs": {
        "_attempt": {
         "oneof": [
          "attempt"
         ]
        },
        "_operation": {
         "oneof": [
          "operation"
         ]
        }
       },
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "attempt": {
         "type": "AttemptRecord",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "operation": {
         "type": "string",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "AttemptRecord": {
       "oneofs": {
        "_runId": {
         "oneof": [
          "runId"
         ]
        },
        "_wave": {
         "oneof": [
          "wave"
         ]
        },
        "_outcome": {
         "oneof": [
          "outcome"
         ]
        },
        "_why": {
         "oneof": [
          "why"
         ]
        },
        "_code": {
         "oneof": [
          "code"
         ]
        },
        "_closedAt": {
         "oneof": [
          "closedAt"
         ]
        },
        "_operation": {
         "oneof": [
          "operation"
         ]
        },
        "_method": {
         "oneof": [
          "method"
         ]
        }
       },
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "epoch": {
         "type": "uint64",
         "id": 3
        },
        "direction": {
         "type": "string",
         "id": 4
        },
        "runId": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "wave": {
         "type": "uint32",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "phase": {
         "type": "string",
         "id": 7
        },
        "outcome": {
         "type": "string",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        },
        "why": {
         "type": "string",
         "id": 9,
         "options": {
          "proto3_optional": true
         }
        },
        "code": {
         "type": "string",
         "id": 10,
         "options": {
          "proto3_optional": true
         }
        },
        "openedAt": {
         "type": "string",
         "id": 11
        },
        "closedAt": {
         "type": "string",
         "id": 12,
         "options": {
          "proto3_optional": true
         }
        },
        "blackouts": {
         "rule": "repeated",
         "type": "Blackout",
         "id": 13
        },
        "repair": {
         "rule": "repeated",
         "type": "string",
         "id": 14
        },
        "operation": {
         "type": "string",
         "id": 15,
         "options": {
          "proto3_optional": true
         }
        },
        "method": {
         "type": "string",
         "id": 16,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "HostView": {
       "oneofs": {
        "_lastSeenAt": {
         "oneof": [
          "lastSeenAt"
         ]
        },
        "_attempt": {
         "oneof": [
          "attempt"
         ]
        }
       },
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "connected": {
         "type": "bool",
         "id": 3
        },
        "mode": {
         "type": "string",
         "id": 4
        },
        "agentVersion": {
         "type": "string",
         "id": 5
        },
        "lastSeenAt": {
         "type": "string",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "plug": {
         "type": "string",
         "id": 7
        },
        "taps": {
         "rule": "repeated",
         "type": "HostTapView",
         "id": 8
        },
        "attempt": {
         "type": "AttemptRecord",
         "id": 9,
         "options": {
          "proto3_optional": true
         }
        },
        "findings": {
         "rule": "repeated",
         "type": "Finding",
         "id": 10
        },
        "holds": {
         "rule": "repeated",
         "type": "HoldReason",
         "id": 11
        }
       }
      },
      "HostTapView": {
       "oneofs": {
        "_portId": {
         "oneof": [
          "portId"
         ]
        },
        "_networkId": {
         "oneof": [
          "networkId"
         ]
        },
        "_mac": {
         "oneof": [
          "mac"
         ]
        }
       },
       "fields": {
        "tap": {
         "type": "string",
         "id": 1
        },
        "plug": {
         "type": "string",
         "id": 2
        },
        "bridge": {
         "type": "string",
         "id": 3
        },
        "portId": {
         "type": "string",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "networkId": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "mac": {
         "type": "string",
         "id": 6,
         "options": {
          "proto3_optional": true
         }
        },
        "ips": {
         "rule": "repeated",
         "type": "string",
         "id": 7
        },
        "installed": {
         "type": "bool",
         "id": 8
        }
       }
      },
      "UnmetCondition": {
       "fields": {
        "kind": {
         "type": "string",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        },
        "evidence": {
         "type": "string",
         "id": 3
        },
        "ageMs": {
         "type": "double",
         "id": 4
        }
       }
      },
      "SweepRequest": {
       "fields": {
        "by": {
         "type": "string",
         "id": 1
        }
       }
      },
      "SweepReply": {
       "fields": {
        "graceGroups": {
         "type": "uint32",
         "id": 1
        },
        "probePorts": {
         "type": "uint32",
         "id": 2
        },
        "probesKept": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "ReconcileRequest": {
       "fields": {
        "apply": {
         "type": "bool",
         "id": 1
        },
        "by": {
         "type": "string",
         "id": 2
        },
        "why": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ReconcileReply": {
       "oneofs": {
        "_readOnly": {
         "oneof": [
          "readOnly"
         ]
        }
       },
       "fields": {
        "readOnly": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "differences": {
         "rule": "repeated",
         "type": "HostDifference",
         "id": 2
        },
        "applied": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "HostDifference": {
       "fields": {
        "systemId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "verdict": {
         "type": "string",
         "id": 3
        },
        "ledger": {
         "type": "string",
         "id": 4
        },
        "agent": {
         "type": "string",
         "id": 5
        },
        "plug": {
         "type": "string",
         "id": 6
        }
       }
      },
      "Event": {
       "oneofs": {
        "_host": {
         "oneof": [
          "host"
         ]
        },
        "_runId": {
         "oneof": [
          "runId"
         ]
        }
       },
       "fields": {
        "seq": {
         "type": "uint64",
         "id": 1
        },
        "at": {
         "type": "string",
         "id": 2
        },
        "type": {
         "type": "string",
         "id": 3
        },
        "host": {
         "type": "string",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "runId": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "message": {
         "type": "string",
         "id": 6
        },
        "json": {
         "type": "string",
         "id": 7
        }
       }
      },
      "CoordinatorStatus": {
       "oneofs": {
        "_readOnly": {
         "oneof": [
          "readOnly"
         ]
        },
        "_ledgerFault": {
         "oneof": [
          "ledgerFault"
         ]
        }
       },
       "fields": {
        "version": {
         "type": "string",
         "id": 1
        },
        "site": {
         "type": "string",
         "id": 2
        },
        "coordinatorId": {
         "type": "string",
         "id": 3
        },
        "agentsConnected": {
         "type": "uint32",
         "id": 4
        },
        "natsConnected": {
         "type": "bool",
         "id": 5
        },
        "nbConnected": {
         "type": "bool",
         "id": 6
        },
        "lastSeq": {
         "type": "uint64",
         "id": 7
        },
        "openAttempts": {
         "rule": "repeated",
         "type": "AttemptRecord",
         "id": 8
        },
        "stuckHosts": {
         "rule": "repeated",
         "type": "string",
         "id": 9
        },
        "readOnly": {
         "type": "string",
         "id": 10,
         "options": {
          "proto3_optional": true
         }
        },
        "ledgerFault": {
         "type": "string",
         "id": 11,
         "options": {
          "proto3_optional": true
         }
        }
       }
      }
     }
    }
   }
  }
 }
};
