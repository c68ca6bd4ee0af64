import * as $protobuf from "protobufjs";
import Long = require("long");

export namespace evalmesh {

    namespace v1 {

        interface IEnvelope extends evalmesh.v1.Envelope.$Properties {
        }

        class Envelope {
            constructor(properties?: evalmesh.v1.Envelope.$Properties);
            $unknowns?: Uint8Array[];
            message?: (evalmesh.v1.Signed.$Properties|null);
            certificate?: (evalmesh.v1.Certificate.$Properties|null);
            decided?: (evalmesh.v1.CatchUp.$Properties|null);
            status?: (evalmesh.v1.Status.$Properties|null);
            evidence?: (evalmesh.v1.Evidence.$Properties|null);
            content?: ("message"|"certificate"|"decided"|"status"|"evidence");
            static encode(message: evalmesh.v1.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Envelope & evalmesh.v1.Envelope.$Shape;
        }

        namespace Envelope {
            interface $Properties {
                message?: (evalmesh.v1.Signed.$Properties|null);
                certificate?: (evalmesh.v1.Certificate.$Properties|null);
                decided?: (evalmesh.v1.CatchUp.$Properties|null);
                status?: (evalmesh.v1.Status.$Properties|null);
                evidence?: (evalmesh.v1.Evidence.$Properties|null);
                content?: ("message"|"certificate"|"decided"|"status"|"evidence");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              message?: evalmesh.v1.Signed.$Shape|null;
              certificate?: evalmesh.v1.Certificate.$Shape|null;
              decided?: evalmesh.v1.CatchUp.$Shape|null;
              status?: evalmesh.v1.Status.$Shape|null;
              evidence?: evalmesh.v1.Evidence.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ content?: undefined; message?: null; certificate?: null; decided?: null; status?: null; evidence?: null }|{ content?: "message"; message: evalmesh.v1.Signed.$Shape; certificate?: null; decided?: null; status?: null; evidence?: null }|{ content?: "certificate"; message?: null; certificate: evalmesh.v1.Certificate.$Shape; decided?: null; status?: null; evidence?: null }|{ content?: "decided"; message?: null; certificate?: null; decided: evalmesh.v1.CatchUp.$Shape; status?: null; evidence?: null }|{ content?: "status"; message?: null; certificate?: null; decided?: null; status: evalmesh.v1.Status.$Shape; evidence?: null }|{ content?: "evidence"; message?: null; certificate?: null; decided?: null; status?: null; evidence: evalmesh.v1.Evidence.$Shape })
            );
        }

        interface ISigned extends evalmesh.v1.Signed.$Properties {
        }

        class Signed {
            constructor(properties?: evalmesh.v1.Signed.$Properties);
            $unknowns?: Uint8Array[];
            signature: Uint8Array;
            delegation?: (evalmesh.v1.Delegation.$Properties|null);
            submission?: (evalmesh.v1.Submission.$Properties|null);
            receipt?: (evalmesh.v1.Receipt.$Properties|null);
            commit?: (evalmesh.v1.Commit.$Properties|null);
            reveal?: (evalmesh.v1.Reveal.$Properties|null);
            roundAttestation?: (evalmesh.v1.RoundAttestation.$Properties|null);
            proposal?: (evalmesh.v1.Proposal.$Properties|null);
            notarize?: (evalmesh.v1.Vote.$Properties|null);
            nullify?: (evalmesh.v1.Vote.$Properties|null);
            finalize?: (evalmesh.v1.Vote.$Properties|null);
            params?: (evalmesh.v1.Params.$Properties|null);
            body?: ("delegation"|"submission"|"receipt"|"commit"|"reveal"|"roundAttestation"|"proposal"|"notarize"|"nullify"|"finalize"|"params");
            static encode(message: evalmesh.v1.Signed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Signed & evalmesh.v1.Signed.$Shape;
        }

        namespace Signed {
            interface $Properties {
                signature?: (Uint8Array|null);
                delegation?: (evalmesh.v1.Delegation.$Properties|null);
                submission?: (evalmesh.v1.Submission.$Properties|null);
                receipt?: (evalmesh.v1.Receipt.$Properties|null);
                commit?: (evalmesh.v1.Commit.$Properties|null);
                reveal?: (evalmesh.v1.Reveal.$Properties|null);
                roundAttestation?: (evalmesh.v1.RoundAttestation.$Properties|null);
                proposal?: (evalmesh.v1.Proposal.$Properties|null);
                notarize?: (evalmesh.v1.Vote.$Properties|null);
                nullify?: (evalmesh.v1.Vote.$Properties|null);
                finalize?: (evalmesh.v1.Vote.$Properties|null);
                params?: (evalmesh.v1.Params.$Properties|null);
                body?: ("delegation"|"submission"|"receipt"|"commit"|"reveal"|"roundAttestation"|"proposal"|"notarize"|"nullify"|"finalize"|"params");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              signature?: Uint8Array|null;
              delegation?: evalmesh.v1.Delegation.$Shape|null;
              submission?: evalmesh.v1.Submission.$Shape|null;
              receipt?: evalmesh.v1.Receipt.$Shape|null;
              commit?: evalmesh.v1.Commit.$Shape|null;
              reveal?: evalmesh.v1.Reveal.$Shape|null;
              roundAttestation?: evalmesh.v1.RoundAttestation.$Shape|null;
              proposal?: evalmesh.v1.Proposal.$Shape|null;
              notarize?: evalmesh.v1.Vote.$Shape|null;
              nullify?: evalmesh.v1.Vote.$Shape|null;
              finalize?: evalmesh.v1.Vote.$Shape|null;
              params?: evalmesh.v1.Params.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "delegation"; delegation: evalmesh.v1.Delegation.$Shape; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "submission"; delegation?: null; submission: evalmesh.v1.Submission.$Shape; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "receipt"; delegation?: null; submission?: null; receipt: evalmesh.v1.Receipt.$Shape; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "commit"; delegation?: null; submission?: null; receipt?: null; commit: evalmesh.v1.Commit.$Shape; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "reveal"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal: evalmesh.v1.Reveal.$Shape; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "roundAttestation"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation: evalmesh.v1.RoundAttestation.$Shape; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "proposal"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal: evalmesh.v1.Proposal.$Shape; notarize?: null; nullify?: null; finalize?: null; params?: null }|{ body?: "notarize"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize: evalmesh.v1.Vote.$Shape; nullify?: null; finalize?: null; params?: null }|{ body?: "nullify"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify: evalmesh.v1.Vote.$Shape; finalize?: null; params?: null }|{ body?: "finalize"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize: evalmesh.v1.Vote.$Shape; params?: null }|{ body?: "params"; delegation?: null; submission?: null; receipt?: null; commit?: null; reveal?: null; roundAttestation?: null; proposal?: null; notarize?: null; nullify?: null; finalize?: null; params: evalmesh.v1.Params.$Shape })
            );
        }

        enum KeyScheme {
            sr25519 = 0,
            ed25519 = 1
        }

        interface IDelegation extends evalmesh.v1.Delegation.$Properties {
        }

        class Delegation {
            constructor(properties?: evalmesh.v1.Delegation.$Properties);
            $unknowns?: Uint8Array[];
            netuid: number;
            hotkey: Uint8Array;
            scheme: evalmesh.v1.KeyScheme;
            sessionKey: Uint8Array;
            sealingKey: Uint8Array;
            peerId: string;
            fromBlock: (number|Long);
            toBlock: (number|Long);
            counter: number;
            static encode(message: evalmesh.v1.Delegation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Delegation & evalmesh.v1.Delegation.$Shape;
        }

        namespace Delegation {
            interface $Properties {
                netuid?: (number|null);
                hotkey?: (Uint8Array|null);
                scheme?: (evalmesh.v1.KeyScheme|null);
                sessionKey?: (Uint8Array|null);
                sealingKey?: (Uint8Array|null);
                peerId?: (string|null);
                fromBlock?: (number|Long|null);
                toBlock?: (number|Long|null);
                counter?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Delegation.$Properties;
        }

        interface ISubmission extends evalmesh.v1.Submission.$Properties {
        }

        class Submission {
            constructor(properties?: evalmesh.v1.Submission.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            hotkey: Uint8Array;
            scheme: evalmesh.v1.KeyScheme;
            bundle: Uint8Array;
            sizeBytes: number;
            payment?: (evalmesh.v1.Payment.$Properties|null);
            static encode(message: evalmesh.v1.Submission.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Submission & evalmesh.v1.Submission.$Shape;
        }

        namespace Submission {
            interface $Properties {
                competition?: (string|null);
                hotkey?: (Uint8Array|null);
                scheme?: (evalmesh.v1.KeyScheme|null);
                bundle?: (Uint8Array|null);
                sizeBytes?: (number|null);
                payment?: (evalmesh.v1.Payment.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Submission.$Properties;
        }

        interface IPayment extends evalmesh.v1.Payment.$Properties {
        }

        class Payment {
            constructor(properties?: evalmesh.v1.Payment.$Properties);
            $unknowns?: Uint8Array[];
            blockNumber: (number|Long);
            blockHash: Uint8Array;
            extrinsicIndex: number;
            static encode(message: evalmesh.v1.Payment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Payment & evalmesh.v1.Payment.$Shape;
        }

        namespace Payment {
            interface $Properties {
                blockNumber?: (number|Long|null);
                blockHash?: (Uint8Array|null);
                extrinsicIndex?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Payment.$Properties;
        }

        interface IReceipt extends evalmesh.v1.Receipt.$Properties {
        }

        class Receipt {
            constructor(properties?: evalmesh.v1.Receipt.$Properties);
            $unknowns?: Uint8Array[];
            submission: Uint8Array;
            hotkey: Uint8Array;
            block: (number|Long);
            static encode(message: evalmesh.v1.Receipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Receipt & evalmesh.v1.Receipt.$Shape;
        }

        namespace Receipt {
            interface $Properties {
                submission?: (Uint8Array|null);
                hotkey?: (Uint8Array|null);
                block?: (number|Long|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Receipt.$Properties;
        }

        interface ICommit extends evalmesh.v1.Commit.$Properties {
        }

        class Commit {
            constructor(properties?: evalmesh.v1.Commit.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            manifest: Uint8Array;
            hotkey: Uint8Array;
            commitment: Uint8Array;
            static encode(message: evalmesh.v1.Commit.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Commit & evalmesh.v1.Commit.$Shape;
        }

        namespace Commit {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                manifest?: (Uint8Array|null);
                hotkey?: (Uint8Array|null);
                commitment?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Commit.$Properties;
        }

        interface IReveal extends evalmesh.v1.Reveal.$Properties {
        }

        class Reveal {
            constructor(properties?: evalmesh.v1.Reveal.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            manifest: Uint8Array;
            hotkey: Uint8Array;
            nonce: Uint8Array;
            statement: Uint8Array;
            static encode(message: evalmesh.v1.Reveal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Reveal & evalmesh.v1.Reveal.$Shape;
        }

        namespace Reveal {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                manifest?: (Uint8Array|null);
                hotkey?: (Uint8Array|null);
                nonce?: (Uint8Array|null);
                statement?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Reveal.$Properties;
        }

        interface IRoundAttestation extends evalmesh.v1.RoundAttestation.$Properties {
        }

        class RoundAttestation {
            constructor(properties?: evalmesh.v1.RoundAttestation.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            hotkey: Uint8Array;
            statement: Uint8Array;
            static encode(message: evalmesh.v1.RoundAttestation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.RoundAttestation & evalmesh.v1.RoundAttestation.$Shape;
        }

        namespace RoundAttestation {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                hotkey?: (Uint8Array|null);
                statement?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.RoundAttestation.$Properties;
        }

        interface IProposal extends evalmesh.v1.Proposal.$Properties {
        }

        class Proposal {
            constructor(properties?: evalmesh.v1.Proposal.$Properties);
            $unknowns?: Uint8Array[];
            height: (number|Long);
            view: number;
            hotkey: Uint8Array;
            parentView?: (number|null);
            header?: (evalmesh.v1.Header.$Properties|null);
            static encode(message: evalmesh.v1.Proposal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Proposal & evalmesh.v1.Proposal.$Shape;
        }

        namespace Proposal {
            interface $Properties {
                height?: (number|Long|null);
                view?: (number|null);
                hotkey?: (Uint8Array|null);
                parentView?: (number|null);
                header?: (evalmesh.v1.Header.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              height?: number|Long|null;
              view?: number|null;
              hotkey?: Uint8Array|null;
              parentView?: number|null;
              header?: evalmesh.v1.Header.$Shape|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IVote extends evalmesh.v1.Vote.$Properties {
        }

        class Vote {
            constructor(properties?: evalmesh.v1.Vote.$Properties);
            $unknowns?: Uint8Array[];
            height: (number|Long);
            view: number;
            value: Uint8Array;
            hotkey: Uint8Array;
            static encode(message: evalmesh.v1.Vote.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Vote & evalmesh.v1.Vote.$Shape;
        }

        namespace Vote {
            interface $Properties {
                height?: (number|Long|null);
                view?: (number|null);
                value?: (Uint8Array|null);
                hotkey?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Vote.$Properties;
        }

        interface ICertificate extends evalmesh.v1.Certificate.$Properties {
        }

        class Certificate {
            constructor(properties?: evalmesh.v1.Certificate.$Properties);
            $unknowns?: Uint8Array[];
            phase: evalmesh.v1.Certificate.Phase;
            height: (number|Long);
            view: number;
            value: Uint8Array;
            signatures: evalmesh.v1.Certificate.MemberSignature.$Properties[];
            static encode(message: evalmesh.v1.Certificate.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Certificate & evalmesh.v1.Certificate.$Shape;
        }

        namespace Certificate {
            interface $Properties {
                phase?: (evalmesh.v1.Certificate.Phase|null);
                height?: (number|Long|null);
                view?: (number|null);
                value?: (Uint8Array|null);
                signatures?: (evalmesh.v1.Certificate.MemberSignature.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Certificate.$Properties;

            enum Phase {
                notarize = 0,
                nullify = 1,
                finalize = 2
            }

            interface IMemberSignature extends evalmesh.v1.Certificate.MemberSignature.$Properties {
            }

            class MemberSignature {
                constructor(properties?: evalmesh.v1.Certificate.MemberSignature.$Properties);
                $unknowns?: Uint8Array[];
                member: number;
                signature: Uint8Array;
                static encode(message: evalmesh.v1.Certificate.MemberSignature.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Certificate.MemberSignature & evalmesh.v1.Certificate.MemberSignature.$Shape;
            }

            namespace MemberSignature {
                interface $Properties {
                    member?: (number|null);
                    signature?: (Uint8Array|null);
                    $unknowns?: Uint8Array[];
                }
                type $Shape = evalmesh.v1.Certificate.MemberSignature.$Properties;
            }
        }

        interface IDecided extends evalmesh.v1.Decided.$Properties {
        }

        class Decided {
            constructor(properties?: evalmesh.v1.Decided.$Properties);
            $unknowns?: Uint8Array[];
            header?: (evalmesh.v1.Header.$Properties|null);
            certificate?: (evalmesh.v1.Certificate.$Properties|null);
            static encode(message: evalmesh.v1.Decided.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Decided & evalmesh.v1.Decided.$Shape;
        }

        namespace Decided {
            interface $Properties {
                header?: (evalmesh.v1.Header.$Properties|null);
                certificate?: (evalmesh.v1.Certificate.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              header?: evalmesh.v1.Header.$Shape|null;
              certificate?: evalmesh.v1.Certificate.$Shape|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface ICatchUp extends evalmesh.v1.CatchUp.$Properties {
        }

        class CatchUp {
            constructor(properties?: evalmesh.v1.CatchUp.$Properties);
            $unknowns?: Uint8Array[];
            decided: evalmesh.v1.Decided.$Properties[];
            static encode(message: evalmesh.v1.CatchUp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.CatchUp & evalmesh.v1.CatchUp.$Shape;
        }

        namespace CatchUp {
            interface $Properties {
                decided?: (evalmesh.v1.Decided.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              decided?: evalmesh.v1.Decided.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IStatus extends evalmesh.v1.Status.$Properties {
        }

        class Status {
            constructor(properties?: evalmesh.v1.Status.$Properties);
            $unknowns?: Uint8Array[];
            height: (number|Long);
            view: number;
            missingViews: number[];
            static encode(message: evalmesh.v1.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Status & evalmesh.v1.Status.$Shape;
        }

        namespace Status {
            interface $Properties {
                height?: (number|Long|null);
                view?: (number|null);
                missingViews?: (number[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Status.$Properties;
        }

        interface IEvidence extends evalmesh.v1.Evidence.$Properties {
        }

        class Evidence {
            constructor(properties?: evalmesh.v1.Evidence.$Properties);
            $unknowns?: Uint8Array[];
            delegation?: (evalmesh.v1.Signed.$Properties|null);
            messages: evalmesh.v1.Signed.$Properties[];
            static encode(message: evalmesh.v1.Evidence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Evidence & evalmesh.v1.Evidence.$Shape;
        }

        namespace Evidence {
            interface $Properties {
                delegation?: (evalmesh.v1.Signed.$Properties|null);
                messages?: (evalmesh.v1.Signed.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              delegation?: evalmesh.v1.Signed.$Shape|null;
              messages?: evalmesh.v1.Signed.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IHeader extends evalmesh.v1.Header.$Properties {
        }

        class Header {
            constructor(properties?: evalmesh.v1.Header.$Properties);
            $unknowns?: Uint8Array[];
            height: (number|Long);
            previous: Uint8Array;
            logRoot: Uint8Array;
            block: (number|Long);
            epoch: number;
            entry?: (evalmesh.v1.Entry.$Properties|null);
            evidence: Uint8Array[];
            static encode(message: evalmesh.v1.Header.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Header & evalmesh.v1.Header.$Shape;
        }

        namespace Header {
            interface $Properties {
                height?: (number|Long|null);
                previous?: (Uint8Array|null);
                logRoot?: (Uint8Array|null);
                block?: (number|Long|null);
                epoch?: (number|null);
                entry?: (evalmesh.v1.Entry.$Properties|null);
                evidence?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              height?: number|Long|null;
              previous?: Uint8Array|null;
              logRoot?: Uint8Array|null;
              block?: number|Long|null;
              epoch?: number|null;
              entry?: evalmesh.v1.Entry.$Shape|null;
              evidence?: Uint8Array[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        interface IEntry extends evalmesh.v1.Entry.$Properties {
        }

        class Entry {
            constructor(properties?: evalmesh.v1.Entry.$Properties);
            $unknowns?: Uint8Array[];
            epoch?: (evalmesh.v1.Epoch.$Properties|null);
            manifest?: (evalmesh.v1.Manifest.$Properties|null);
            commits?: (evalmesh.v1.Commits.$Properties|null);
            result?: (evalmesh.v1.Result.$Properties|null);
            void?: (evalmesh.v1.Void.$Properties|null);
            params?: (evalmesh.v1.ParamsRef.$Properties|null);
            kind?: ("epoch"|"manifest"|"commits"|"result"|"void"|"params");
            static encode(message: evalmesh.v1.Entry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Entry & evalmesh.v1.Entry.$Shape;
        }

        namespace Entry {
            interface $Properties {
                epoch?: (evalmesh.v1.Epoch.$Properties|null);
                manifest?: (evalmesh.v1.Manifest.$Properties|null);
                commits?: (evalmesh.v1.Commits.$Properties|null);
                result?: (evalmesh.v1.Result.$Properties|null);
                "void"?: (evalmesh.v1.Void.$Properties|null);
                params?: (evalmesh.v1.ParamsRef.$Properties|null);
                kind?: ("epoch"|"manifest"|"commits"|"result"|"void"|"params");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              epoch?: evalmesh.v1.Epoch.$Shape|null;
              manifest?: evalmesh.v1.Manifest.$Shape|null;
              commits?: evalmesh.v1.Commits.$Shape|null;
              result?: evalmesh.v1.Result.$Shape|null;
              "void"?: evalmesh.v1.Void.$Shape|null;
              params?: evalmesh.v1.ParamsRef.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ kind?: undefined; epoch?: null; manifest?: null; commits?: null; result?: null; "void"?: null; params?: null }|{ kind?: "epoch"; epoch: evalmesh.v1.Epoch.$Shape; manifest?: null; commits?: null; result?: null; "void"?: null; params?: null }|{ kind?: "manifest"; epoch?: null; manifest: evalmesh.v1.Manifest.$Shape; commits?: null; result?: null; "void"?: null; params?: null }|{ kind?: "commits"; epoch?: null; manifest?: null; commits: evalmesh.v1.Commits.$Shape; result?: null; "void"?: null; params?: null }|{ kind?: "result"; epoch?: null; manifest?: null; commits?: null; result: evalmesh.v1.Result.$Shape; "void"?: null; params?: null }|{ kind?: "void"; epoch?: null; manifest?: null; commits?: null; result?: null; "void": evalmesh.v1.Void.$Shape; params?: null }|{ kind?: "params"; epoch?: null; manifest?: null; commits?: null; result?: null; "void"?: null; params: evalmesh.v1.ParamsRef.$Shape })
            );
        }

        interface IEpoch extends evalmesh.v1.Epoch.$Properties {
        }

        class Epoch {
            constructor(properties?: evalmesh.v1.Epoch.$Properties);
            $unknowns?: Uint8Array[];
            epoch: number;
            block: (number|Long);
            blockHash: Uint8Array;
            members: evalmesh.v1.Epoch.Member.$Properties[];
            owner: Uint8Array;
            released: Uint8Array[];
            static encode(message: evalmesh.v1.Epoch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Epoch & evalmesh.v1.Epoch.$Shape;
        }

        namespace Epoch {
            interface $Properties {
                epoch?: (number|null);
                block?: (number|Long|null);
                blockHash?: (Uint8Array|null);
                members?: (evalmesh.v1.Epoch.Member.$Properties[]|null);
                owner?: (Uint8Array|null);
                released?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Epoch.$Properties;

            interface IMember extends evalmesh.v1.Epoch.Member.$Properties {
            }

            class Member {
                constructor(properties?: evalmesh.v1.Epoch.Member.$Properties);
                $unknowns?: Uint8Array[];
                hotkey: Uint8Array;
                weight: (number|Long);
                delegation: Uint8Array;
                static encode(message: evalmesh.v1.Epoch.Member.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Epoch.Member & evalmesh.v1.Epoch.Member.$Shape;
            }

            namespace Member {
                interface $Properties {
                    hotkey?: (Uint8Array|null);
                    weight?: (number|Long|null);
                    delegation?: (Uint8Array|null);
                    $unknowns?: Uint8Array[];
                }
                type $Shape = evalmesh.v1.Epoch.Member.$Properties;
            }
        }

        interface IManifest extends evalmesh.v1.Manifest.$Properties {
        }

        class Manifest {
            constructor(properties?: evalmesh.v1.Manifest.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            paramsHash: Uint8Array;
            image: Uint8Array;
            closeBlock: (number|Long);
            beaconBlock: (number|Long);
            incumbent?: (Uint8Array|null);
            thetaPpm: number;
            submissions: evalmesh.v1.Manifest.SubmissionRef.$Properties[];
            static encode(message: evalmesh.v1.Manifest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Manifest & evalmesh.v1.Manifest.$Shape;
        }

        namespace Manifest {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                paramsHash?: (Uint8Array|null);
                image?: (Uint8Array|null);
                closeBlock?: (number|Long|null);
                beaconBlock?: (number|Long|null);
                incumbent?: (Uint8Array|null);
                thetaPpm?: (number|null);
                submissions?: (evalmesh.v1.Manifest.SubmissionRef.$Properties[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Manifest.$Properties;

            interface ISubmissionRef extends evalmesh.v1.Manifest.SubmissionRef.$Properties {
            }

            class SubmissionRef {
                constructor(properties?: evalmesh.v1.Manifest.SubmissionRef.$Properties);
                $unknowns?: Uint8Array[];
                id: Uint8Array;
                receiptBlock: (number|Long);
                receipts: Uint8Array[];
                static encode(message: evalmesh.v1.Manifest.SubmissionRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Manifest.SubmissionRef & evalmesh.v1.Manifest.SubmissionRef.$Shape;
            }

            namespace SubmissionRef {
                interface $Properties {
                    id?: (Uint8Array|null);
                    receiptBlock?: (number|Long|null);
                    receipts?: (Uint8Array[]|null);
                    $unknowns?: Uint8Array[];
                }
                type $Shape = evalmesh.v1.Manifest.SubmissionRef.$Properties;
            }
        }

        interface ICommits extends evalmesh.v1.Commits.$Properties {
        }

        class Commits {
            constructor(properties?: evalmesh.v1.Commits.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            manifest: Uint8Array;
            commits: Uint8Array[];
            static encode(message: evalmesh.v1.Commits.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Commits & evalmesh.v1.Commits.$Shape;
        }

        namespace Commits {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                manifest?: (Uint8Array|null);
                commits?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Commits.$Properties;
        }

        interface IResult extends evalmesh.v1.Result.$Properties {
        }

        class Result {
            constructor(properties?: evalmesh.v1.Result.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            manifest: Uint8Array;
            reveals: Uint8Array[];
            result: Uint8Array;
            static encode(message: evalmesh.v1.Result.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Result & evalmesh.v1.Result.$Shape;
        }

        namespace Result {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                manifest?: (Uint8Array|null);
                reveals?: (Uint8Array[]|null);
                result?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Result.$Properties;
        }

        interface IVoid extends evalmesh.v1.Void.$Properties {
        }

        class Void {
            constructor(properties?: evalmesh.v1.Void.$Properties);
            $unknowns?: Uint8Array[];
            competition: string;
            round: number;
            manifest: Uint8Array;
            stage: evalmesh.v1.Void.Stage;
            missing: Uint8Array[];
            static encode(message: evalmesh.v1.Void.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Void & evalmesh.v1.Void.$Shape;
        }

        namespace Void {
            interface $Properties {
                competition?: (string|null);
                round?: (number|null);
                manifest?: (Uint8Array|null);
                stage?: (evalmesh.v1.Void.Stage|null);
                missing?: (Uint8Array[]|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.Void.$Properties;

            enum Stage {
                commits = 0,
                reveals = 1
            }
        }

        interface IParamsRef extends evalmesh.v1.ParamsRef.$Properties {
        }

        class ParamsRef {
            constructor(properties?: evalmesh.v1.ParamsRef.$Properties);
            $unknowns?: Uint8Array[];
            message: Uint8Array;
            static encode(message: evalmesh.v1.ParamsRef.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.ParamsRef & evalmesh.v1.ParamsRef.$Shape;
        }

        namespace ParamsRef {
            interface $Properties {
                message?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.ParamsRef.$Properties;
        }

        interface IParams extends evalmesh.v1.Params.$Properties {
        }

        class Params {
            constructor(properties?: evalmesh.v1.Params.$Properties);
            $unknowns?: Uint8Array[];
            hotkey: Uint8Array;
            scheme: evalmesh.v1.KeyScheme;
            counter: number;
            activationHeight: (number|Long);
            change?: (evalmesh.v1.Params.Change.$Properties|null);
            static encode(message: evalmesh.v1.Params.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Params & evalmesh.v1.Params.$Shape;
        }

        namespace Params {
            interface $Properties {
                hotkey?: (Uint8Array|null);
                scheme?: (evalmesh.v1.KeyScheme|null);
                counter?: (number|null);
                activationHeight?: (number|Long|null);
                change?: (evalmesh.v1.Params.Change.$Properties|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              hotkey?: Uint8Array|null;
              scheme?: evalmesh.v1.KeyScheme|null;
              counter?: number|null;
              activationHeight?: number|Long|null;
              change?: evalmesh.v1.Params.Change.$Shape|null;
              $unknowns?: Uint8Array[];
            };

            interface IChange extends evalmesh.v1.Params.Change.$Properties {
            }

            class Change {
                constructor(properties?: evalmesh.v1.Params.Change.$Properties);
                $unknowns?: Uint8Array[];
                mesh?: (evalmesh.v1.MeshParams.$Properties|null);
                competition?: (evalmesh.v1.CompetitionParams.$Properties|null);
                kind?: ("mesh"|"competition");
                static encode(message: evalmesh.v1.Params.Change.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.Params.Change & evalmesh.v1.Params.Change.$Shape;
            }

            namespace Change {
                interface $Properties {
                    mesh?: (evalmesh.v1.MeshParams.$Properties|null);
                    competition?: (evalmesh.v1.CompetitionParams.$Properties|null);
                    kind?: ("mesh"|"competition");
                    $unknowns?: Uint8Array[];
                }
                type $Shape = {
                  mesh?: evalmesh.v1.MeshParams.$Shape|null;
                  competition?: evalmesh.v1.CompetitionParams.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ kind?: undefined; mesh?: null; competition?: null }|{ kind?: "mesh"; mesh: evalmesh.v1.MeshParams.$Shape; competition?: null }|{ kind?: "competition"; mesh?: null; competition: evalmesh.v1.CompetitionParams.$Shape })
                );
            }
        }

        interface IMeshParams extends evalmesh.v1.MeshParams.$Properties {
        }

        class MeshParams {
            constructor(properties?: evalmesh.v1.MeshParams.$Properties);
            $unknowns?: Uint8Array[];
            deltaMs: number;
            weightCapPpm: number;
            weightsEveryBlocks: (number|Long);
            evidenceEpochs: number;
            static encode(message: evalmesh.v1.MeshParams.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.MeshParams & evalmesh.v1.MeshParams.$Shape;
        }

        namespace MeshParams {
            interface $Properties {
                deltaMs?: (number|null);
                weightCapPpm?: (number|null);
                weightsEveryBlocks?: (number|Long|null);
                evidenceEpochs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.MeshParams.$Properties;
        }

        interface ICompetitionParams extends evalmesh.v1.CompetitionParams.$Properties {
        }

        class CompetitionParams {
            constructor(properties?: evalmesh.v1.CompetitionParams.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            sharePpm: number;
            burnPpm: number;
            decayBlocks: (number|Long);
            roundBlocks: (number|Long);
            commitBlocks: (number|Long);
            revealBlocks: (number|Long);
            extendBlocks: (number|Long);
            submissionsMax: number;
            dailySubmissionsMax: number;
            blocksPerDay: (number|Long);
            bundleBytesMax: number;
            thetaPpm: number;
            confirmRounds: number;
            image: Uint8Array;
            poolManifest: Uint8Array;
            poolRoot: Uint8Array;
            matrixCount: number;
            referenceNanos: (number|Long);
            feeRao: (number|Long);
            feeRecipient?: (Uint8Array|null);
            static encode(message: evalmesh.v1.CompetitionParams.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): evalmesh.v1.CompetitionParams & evalmesh.v1.CompetitionParams.$Shape;
        }

        namespace CompetitionParams {
            interface $Properties {
                id?: (string|null);
                sharePpm?: (number|null);
                burnPpm?: (number|null);
                decayBlocks?: (number|Long|null);
                roundBlocks?: (number|Long|null);
                commitBlocks?: (number|Long|null);
                revealBlocks?: (number|Long|null);
                extendBlocks?: (number|Long|null);
                submissionsMax?: (number|null);
                dailySubmissionsMax?: (number|null);
                blocksPerDay?: (number|Long|null);
                bundleBytesMax?: (number|null);
                thetaPpm?: (number|null);
                confirmRounds?: (number|null);
                image?: (Uint8Array|null);
                poolManifest?: (Uint8Array|null);
                poolRoot?: (Uint8Array|null);
                matrixCount?: (number|null);
                referenceNanos?: (number|Long|null);
                feeRao?: (number|Long|null);
                feeRecipient?: (Uint8Array|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = evalmesh.v1.CompetitionParams.$Properties;
        }
    }
}
