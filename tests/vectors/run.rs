//! This implementation, run over one stage of a case. It knows the schema and nothing of how the
//! vectors were made.

use super::names::{Named, Seen};
use super::schema::{Case, File, Hex, Stage, Typ};
use onecard::crypto::{Hash, KnownKey, SigningKey, VerifyingKey, sha256};
use onecard::gate::{Record, Segment, UsageDigest};
use onecard::id::GateId;
use onecard::ledger::{Entry, Receipt};
use onecard::pass::{Audience, Challenge, PassError, Proof, verify};
use onecard::time::UnixTime;
use onecard::tlog::{Chain, NoteVerifier, SignedCheckpoint, TlogProof, verify_consistency, verify_inclusion};
use onecard::trust::{
    Age, Bundle, Catalogue, GateCertificate, Status, StatusList, TrustError, TrustHistory, TrustList,
};
use onecard::wire::cbor::{CborError, CborErrorKind, Decoder, Encoder};
use onecard::wire::cose::{self, CoseError, Expect, Headers, Sign, Sign1};
use onecard::wire::text;

pub(crate) const ACCEPT: &str = "accept";
/// Content formats of a pass and a presentation.
const PASS: cose::Typ = cose::Typ::ContentFormat(293);
const PRESENTATION: cose::Typ = cose::Typ::ContentFormat(294);

/// Verdict of a stage, and what it gives when it accepts.
pub(crate) type Outcome = (String, Option<String>);

/// Runs a stage.
pub(crate) fn run(file: &File, case: &Case, stage: &Stage, seen: &mut Seen) -> Outcome {
    let run = Run { file, stage, now: UnixTime::new(case.now).unwrap() };
    let result = match stage.stage.as_str() {
        "text" => run.text(seen),
        "cbor" => run.cbor(seen),
        "cose_sign1" => run.cose_sign1(seen),
        "cose_sign" => run.cose_sign(seen),
        "presentation_claims" => run.presentation_claims(seen),
        "pass_claims" => run.pass_claims(seen),
        "shown" => run.shown(seen),
        "trust_list" => run.trust_list(seen),
        "trust_list_time" => run.trust_list_time(seen),
        "catalogue" => run.catalogue(seen),
        "bundle" => run.bundle(seen),
        "gate_certificate" => run.gate_certificate(seen),
        "status_list" => run.status_list(seen),
        "key" => run.key(seen),
        "signature" => run.signature(seen),
        "log" => run.log(),
        "inclusion" => run.inclusion(seen),
        "consistency" => run.consistency(seen),
        "vkey" => run.vkey(seen),
        "checkpoint" => run.checkpoint(seen),
        "tlog_proof" => run.tlog_proof(seen),
        "record" => run.decoded(Record::decode(&run.stage.input()), seen),
        "ledger_entry" => run.decoded(Entry::decode(&run.stage.input()), seen),
        "segment" => run.decoded(Segment::decode(&run.stage.input()), seen),
        "usage_digest" => run.usage_digest(seen),
        "receipt" => run.receipt(seen),
        other => panic!("{}: an unknown stage {other:?}", case.name),
    };
    match result {
        Ok(gives) => (ACCEPT.to_owned(), gives),
        Err(verdict) => (verdict, None),
    }
}

struct Run<'a> {
    file: &'a File,
    stage: &'a Stage,
    now: UnixTime,
}

type Verdict = Result<Option<String>, String>;

fn age(age: Age) -> Option<&'static str> {
    match age {
        Age::Fresh => Some("fresh"),
        Age::Stale => Some("stale"),
        Age::TooOld => None,
    }
}

fn hex(bytes: &[u8]) -> Option<String> {
    Some(Hex(bytes.to_vec()).text())
}

impl Run<'_> {
    fn named(&self, name: &str) -> &[u8] {
        &self.file.inputs.get(name).unwrap_or_else(|| panic!("no input {name:?}")).0
    }

    /// The trust list by its name, which a case takes as given.
    fn list(&self, name: &str) -> TrustList {
        let bytes = self.named(name);
        TrustList::genesis(bytes, &sha256(&[bytes])).unwrap()
    }

    fn trust(&self) -> TrustList {
        self.list(self.stage.trust.as_ref().expect("the stage needs a trust list"))
    }

    fn text(&self, seen: &mut Seen) -> Verdict {
        let bytes = text::decode(&self.stage.input()).map_err(|error| error.name(seen))?;
        Ok(hex(bytes.as_slice()))
    }

    fn cbor(&self, seen: &mut Seen) -> Verdict {
        let item = Decoder::all(&self.stage.input(), |d| d.item().map(drop));
        item.map(|()| None).map_err(|error: CborError| error.name(seen))
    }

    /// The `typ` that the stage asks for. Media types are those this crate knows.
    fn typ(&self) -> cose::Typ {
        const KNOWN: [&str; 5] = [
            "application/vnd.onecard.trust-list+cbor",
            "application/vnd.onecard.catalogue+cbor",
            "application/statuslist+cwt",
            "application/vnd.onecard.gate+cwt",
            "application/vnd.onecard.usage+cbor",
        ];
        match self.stage.typ.as_ref().expect("the stage needs a typ") {
            Typ::ContentFormat(number) => cose::Typ::ContentFormat(*number),
            Typ::MediaType(name) => cose::Typ::MediaType(KNOWN.iter().find(|known| *known == name).unwrap()),
        }
    }

    fn cose_sign1(&self, seen: &mut Seen) -> Verdict {
        let expect = match self.stage.header.as_deref() {
            Some("kid") => Expect::Kid,
            Some("kcwt") => Expect::Kcwt,
            other => panic!("header {other:?}"),
        };
        let input = self.stage.input();
        let message = Sign1::decode(&input, self.typ(), expect).map_err(|error| error.name(seen))?;
        Ok(hex(message.payload()))
    }

    fn cose_sign(&self, seen: &mut Seen) -> Verdict {
        let input = self.stage.input();
        let message = Sign::decode(&input, self.typ(), 256).map_err(|error| error.name(seen))?;
        Ok(hex(message.payload()))
    }

    /// Claims are decoded before anything is verified, so a stranger's signature shows what they are.
    fn presentation_claims(&self, seen: &mut Seen) -> Verdict {
        let stranger = SigningKey::from_seed(&[0x55; 32]);
        // In the place of the pass something that is none, and whose error no claims give.
        let none = Encoder::new().text("").clone().finish();
        let headers = Headers { kid: None, kcwt: Some(&none) };
        let message = cose::sign1(&stranger, PRESENTATION, headers, &self.stage.input());
        match verify(&message, &self.trust(), Audience::Federation, self.now) {
            Err(PassError::Encoding(CoseError::Cbor(CborError { kind: CborErrorKind::Expected("a tag"), .. }))) => {
                Ok(None)
            }
            Err(error) => Err(error.name(seen)),
            Ok(_) => panic!("accepted"),
        }
    }

    fn pass_claims(&self, seen: &mut Seen) -> Verdict {
        let stranger = SigningKey::from_seed(&[0x55; 32]);
        let headers = Headers { kid: Some(stranger.verifying_key().kid()), kcwt: None };
        let message = cose::sign1(&stranger, PASS, headers, &self.stage.input());
        let trust = self.trust();
        // No time is asked of claims by themselves, so one at which the list is good.
        match verify(&message, &trust, Audience::Federation, trust.issued()) {
            Err(PassError::Issuer(TrustError::UnknownKey(_))) => Ok(None),
            Err(error @ PassError::Claims(_)) => Err(error.name(seen)),
            other => panic!("{other:?}"),
        }
    }

    fn shown(&self, seen: &mut Seen) -> Verdict {
        let (trust, input) = (self.trust(), self.stage.input());
        let presented = match (&self.stage.gate, &self.stage.nonce) {
            (None, None) => verify(&input, &trust, Audience::Federation, self.now),
            (Some(gate), None) => verify(&input, &trust, Audience::AnyChallenge { gate }, self.now),
            (Some(gate), Some(nonce)) => {
                let (member, number) = gate.split_once("/gate/").unwrap();
                let gate = GateId { member: member.parse().unwrap(), number: number.parse().unwrap() };
                Challenge::new(gate, nonce.0[..].try_into().unwrap()).verify(&input, &trust, self.now)
            }
            (None, Some(_)) => panic!("a nonce of no gate"),
        };
        let presented = presented.map_err(|error| error.name(seen))?;
        let proof = match presented.proof() {
            Proof::Holder(_) => "holder",
            Proof::Static => "static",
        };
        Ok(Some(proof.into()))
    }

    fn trust_list(&self, seen: &mut Seen) -> Verdict {
        let input = self.stage.input();
        let list = match (&self.stage.anchor, &self.stage.follows) {
            (Some(anchor), None) => TrustList::genesis(&input, &Hash(anchor.0[..].try_into().unwrap())),
            (None, Some(follows)) => self.list(follows).update(&input),
            _ => panic!("a trust list is the first or follows one"),
        };
        list.map(|list| Some(list.sequence().to_string())).map_err(|error| error.name(seen))
    }

    fn trust_list_time(&self, seen: &mut Seen) -> Verdict {
        let trust = self.trust();
        trust.check_time(self.now).map_err(|error| error.name(seen))?;
        Ok(age(trust.age(self.now)).map(str::to_owned))
    }

    fn catalogue(&self, seen: &mut Seen) -> Verdict {
        let (trust, input) = (self.trust(), self.stage.input());
        let mut catalogue = Catalogue::verify(&input, &trust).map_err(|error| error.name(seen))?;
        if let Some(follows) = &self.stage.follows {
            let mut bundle = Bundle::new(trust.clone());
            bundle.update_catalogue(self.named(follows), self.now).unwrap();
            bundle.update_catalogue(&input, self.now).map_err(|error| error.name(seen))?;
            catalogue = bundle.catalogues().next().unwrap().clone();
        }
        let age = age(catalogue.age(trust.policy(), self.now)).ok_or("catalogue.too_old")?;
        Ok(Some(format!("{}, {age}", catalogue.sequence())))
    }

    fn bundle(&self, seen: &mut Seen) -> Verdict {
        let pin = Hash(self.stage.anchor.as_ref().expect("the stage needs an anchor").0[..].try_into().unwrap());
        let bundle = Bundle::load(&self.stage.input(), &pin).map_err(|error| error.name(seen))?;
        let counts = (bundle.trust().sequence(), bundle.catalogues().count(), bundle.status_lists().count());
        Ok(Some(format!("{}, {}, {}", counts.0, counts.1, counts.2)))
    }

    fn gate_certificate(&self, seen: &mut Seen) -> Verdict {
        let certificate = GateCertificate::verify(&self.stage.input(), &self.trust());
        let certificate = certificate.map_err(|error| error.name(seen))?;
        if !certificate.covers(self.now) {
            return Err(onecard::trust::CertificateError::NotInForce.name(seen));
        }
        Ok(Some(certificate.gate().to_string()))
    }

    fn status_list(&self, seen: &mut Seen) -> Verdict {
        let (trust, input) = (self.trust(), self.stage.input());
        let mut list = StatusList::verify(&input, &trust).map_err(|error| error.name(seen))?;
        if let Some(follows) = &self.stage.follows {
            let mut bundle = Bundle::new(trust.clone());
            bundle.update_status(self.named(follows), self.now).unwrap();
            bundle.update_status(&input, self.now).map_err(|error| error.name(seen))?;
            list = bundle.status_lists().next().unwrap().clone();
        }
        let index = self.stage.index.expect("the stage needs an index").try_into().unwrap();
        let status = match list.status(index).ok_or("status.index")? {
            Status::Valid => "valid",
            Status::Revoked => "revoked",
            Status::Suspended => "suspended",
            Status::Superseded => "superseded",
        };
        let age = match age(list.age(trust.policy(), self.now)) {
            // It can still say that a pass is revoked.
            None if status == "valid" => return Err("status.too_old".into()),
            age => age.unwrap_or("too old"),
        };
        Ok(Some(format!("{status}, {age}")))
    }

    fn key(&self, seen: &mut Seen) -> Verdict {
        let bytes = self.stage.input()[..].try_into().unwrap();
        let key = match self.stage.purpose.as_deref() {
            Some("registered") => VerifyingKey::from_bytes(&bytes),
            Some("holder") => VerifyingKey::from_signed_bytes(&bytes),
            other => panic!("purpose {other:?}"),
        };
        Ok(hex(&key.map_err(|error| error.name(seen))?.kid().0))
    }

    fn signature(&self, seen: &mut Seen) -> Verdict {
        let key = self.stage.key.as_ref().expect("the stage needs a key").0[..].try_into().unwrap();
        let key = VerifyingKey::from_signed_bytes(&key).unwrap();
        let message = &self.stage.message.as_ref().expect("the stage needs a message").0;
        let signature = self.stage.input()[..].try_into().unwrap();
        let verified = key.verify(message, &signature);
        assert_eq!(KnownKey::new(key).verify(message, &signature), verified, "a known key says the same");
        verified.map_err(|error| error.name(seen))?;
        Ok(None)
    }

    fn hash(value: &Option<Hex>) -> Hash {
        Hash(value.as_ref().expect("the stage needs a hash").0[..].try_into().unwrap())
    }

    /// The bytes as hashes, one after the other.
    fn hashes(&self) -> Vec<Hash> {
        self.stage.bytes.0.chunks(32).map(|hash| Hash(hash.try_into().unwrap())).collect()
    }

    fn log(&self) -> Verdict {
        let mut chain = Chain::new(self.stage.origin.as_ref().expect("the stage needs an origin"));
        let mut rest = &self.stage.bytes.0[..];
        while let Some((length, after)) = rest.split_first_chunk() {
            let (body, after) = after.split_at(u16::from_be_bytes(*length).into());
            chain.push(body).unwrap();
            rest = after;
        }
        let hex = |hash: Hash| Hex(hash.0.to_vec()).text();
        Ok(Some(format!("{} {}", hex(chain.link()), hex(chain.root()))))
    }

    fn inclusion(&self, seen: &mut Seen) -> Verdict {
        let (index, size) = (self.stage.index.unwrap(), self.stage.size.unwrap());
        let (leaf, root) = (Self::hash(&self.stage.leaf), Self::hash(&self.stage.root));
        verify_inclusion(index, size, &leaf, &self.hashes(), &root).map_err(|error| error.name(seen))?;
        Ok(None)
    }

    fn consistency(&self, seen: &mut Seen) -> Verdict {
        let (old, new) = (self.stage.old_size.unwrap(), self.stage.size.unwrap());
        let (old_root, root) = (Self::hash(&self.stage.old_root), Self::hash(&self.stage.root));
        verify_consistency(old, new, &old_root, &root, &self.hashes()).map_err(|error| error.name(seen))?;
        Ok(None)
    }

    fn vkey(&self, seen: &mut Seen) -> Verdict {
        let input = self.stage.input();
        let verifier: NoteVerifier =
            str::from_utf8(&input).unwrap().parse().map_err(|error| Named::name(&error, seen))?;
        Ok(hex(&verifier.id().0))
    }

    /// The key of the log, and those of the witnesses.
    fn verifiers(&self) -> Vec<NoteVerifier> {
        self.stage.vkeys.iter().flatten().map(|vkey| vkey.parse().unwrap()).collect()
    }

    fn checkpoint(&self, seen: &mut Seen) -> Verdict {
        let verifiers = self.verifiers();
        let (log, witnesses) = verifiers.split_first().expect("the stage needs the key of the log");
        let signed = SignedCheckpoint::verify(&self.stage.input(), log).map_err(|error| error.name(seen))?;
        let cosigned = signed.cosignatures(witnesses).map_err(|error| error.name(seen))?;
        let cosigned = cosigned.iter().map(|&(at, time)| format!("{} {}", witnesses[at].name(), time.as_u64()));
        let cosigned = Some(cosigned.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty());
        let (size, root) = (signed.size(), Hex(signed.root().0.to_vec()).text());
        Ok(Some(format!("{size} {root}, cosigned: {}", cosigned.as_deref().unwrap_or("none"))))
    }

    fn tlog_proof(&self, seen: &mut Seen) -> Verdict {
        let verifiers = self.verifiers();
        let (log, witnesses) = verifiers.split_first().expect("the stage needs the key of the log");
        let quorum = self.stage.quorum.expect("the stage needs a quorum").try_into().unwrap();
        let proof = TlogProof::parse(&self.stage.input()).map_err(|error| error.name(seen))?;
        let verified = proof.verify(&Self::hash(&self.stage.leaf), log, witnesses, quorum);
        verified.map_err(|error| error.name(seen))?;
        Ok(None)
    }

    fn decoded<T>(&self, result: Result<T, impl Named>, seen: &mut Seen) -> Verdict {
        result.map(|_| None).map_err(|error| error.name(seen))
    }

    fn usage_digest(&self, seen: &mut Seen) -> Verdict {
        let trust = self.trust();
        let digest = UsageDigest::verify(&self.stage.input(), &trust).map_err(|error| error.name(seen))?;
        let (city, _) = self.stage.gate.as_ref().unwrap().split_once("/gate/").unwrap();
        let checked = digest.check(city.parse().unwrap(), trust.policy(), self.now);
        checked.map_err(|error| error.name(seen))?;
        let facts = digest.facts();
        let runs = facts.ledgers().runs().map(|(member, run)| format!("{member} {}-{}", run.start, run.end));
        let passes = facts.passes().map(|(pass, expires, usage)| {
            let id = Hex(pass.pass.as_bytes().to_vec()).text();
            let (uses, annulled) = (usage.uses().len(), usage.annulled().len());
            format!("{} {id} {} {uses} {annulled}", pass.issuer, expires.as_u64())
        });
        let [runs, passes] = [runs.collect::<Vec<_>>(), passes.collect()].map(|parts| parts.join(", "));
        Ok(Some(format!("{runs}; {passes}")))
    }

    fn receipt(&self, seen: &mut Seen) -> Verdict {
        let receipt = Receipt::parse(&self.stage.input()).map_err(|error| error.name(seen))?;
        let receipted = receipt.verify(&TrustHistory::from(self.trust())).map_err(|error| error.name(seen))?;
        Ok(Some(format!("{} {}", receipted.gate, receipted.index)))
    }
}
