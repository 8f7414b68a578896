//! The stable numbers.

use crate::constant::terminated;
use onecard::gate;

/// What a function returns. A number keeps its meaning for ever: new ones are added, a retired one
/// is never used again. The hundreds say which layer speaks: 100 text, 200 keys, 300 what a visitor
/// shows (300 and the number of the `onecard_reason`), 400 signed documents and
/// proofs, 500 store and gate, 600 ledger and witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Status {
    /// Done; the outputs are written.
    Ok = 0,
    /// A bug in the library was stopped at its border. Please report it.
    Panic = 1,
    /// A pointer is NULL that must not be.
    NullPointer = 2,
    /// A length is not the one this argument must have, or no memory can have it.
    Length = 3,
    /// The output buffer is too small; the needed size is reported.
    BufferTooSmall = 4,
    /// An argument is not one of the constants it must be.
    UnknownConstant = 5,
    /// An error that has no number yet.
    Unclassified = 6,
    /// Another thread of this process uses the handle, so it was not freed. No other function returns this.
    Busy = 7,
    /// A bug was stopped in an earlier call with this handle: free it and open it anew. Nothing but a bug brings it about.
    Poisoned = 8,
    /// The handle is not one of this kind, or was freed.
    Handle = 9,
    /// A time is before 1970 or after 9999.
    Time = 10,
    /// A number is larger than this argument can be.
    OutOfRange = 11,
    /// A text is not UTF-8.
    Utf8 = 12,
    /// There is nothing to hand out.
    Nothing = 13,
    /// A reserved field is not 0: the caller knows a later version.
    Reserved = 14,
    /// A number or text names no member, pass or day.
    Name = 15,
    /// This process was forked from the one that opened the handle, or, where the handle is memory, while another thread was
    /// changing it there. Nothing was done. Free it and make it anew; a store can be opened here once that process has
    /// closed it, and is ONECARD_STATUS_STORE_IN_USE before.
    Forked = 16,
    /// The text, or what it would encode, is longer than any presentation.
    TextTooLong = 100,
    /// The text does not start with the prefix of a known version.
    TextPrefix = 101,
    /// A character is not in the Base45 alphabet.
    TextAlphabet = 102,
    /// A group of characters encodes no bytes.
    TextGroup = 103,
    /// The key is not a point of the curve.
    KeyNotAPoint = 200,
    /// The key is not encoded canonically.
    KeyNonCanonical = 201,
    /// The key is of small order.
    KeySmallOrder = 202,
    /// The key is of mixed order.
    KeyMixedOrder = 203,
    /// The signature does not verify.
    Signature = 204,
    /// Refused, ONECARD_REASON_CLOCK_SUSPECT: this gate's clock, or the holder's, is wrong.
    PassClockSuspect = 322,
    /// Refused, ONECARD_REASON_UNREADABLE: the code cannot be read.
    PassUnreadable = 340,
    /// Refused, ONECARD_REASON_UNSUPPORTED_VERSION: the code is of a version this gate does not know.
    PassUnsupportedVersion = 341,
    /// Refused, ONECARD_REASON_BAD_SIGNATURE: a signature does not verify.
    PassBadSignature = 342,
    /// Refused, ONECARD_REASON_UNKNOWN_ISSUER: no member of the federation issued this pass.
    PassUnknownIssuer = 343,
    /// Refused, ONECARD_REASON_ISSUER_KEY_INVALID: the issuer's key was not valid for this pass.
    PassIssuerKeyInvalid = 344,
    /// Refused, ONECARD_REASON_CODE_EXPIRED: the code is too old: a screenshot?
    PassCodeExpired = 345,
    /// Refused, ONECARD_REASON_CODE_EARLY: the code is dated in the future.
    PassCodeEarly = 346,
    /// Refused, ONECARD_REASON_PROOF_REQUIRED: a bare pass where the holder's code is required.
    PassProofRequired = 347,
    /// Refused, ONECARD_REASON_WRONG_AUDIENCE: the code is for another gate or federation, or does not answer the challenge.
    PassWrongAudience = 348,
    /// Refused, ONECARD_REASON_LIST_TOO_OLD: a list that the decision rests on is too old to decide by.
    PassListTooOld = 349,
    /// Refused, ONECARD_REASON_NOT_YET_VALID: the pass is not valid yet.
    PassNotYetValid = 360,
    /// Refused, ONECARD_REASON_EXPIRED: the pass is over.
    PassExpired = 361,
    /// A document is not in the one accepted encoding, or too long.
    Encoding = 400,
    /// The first trust list is not the pinned one.
    TrustAnchor = 401,
    /// The trust list does not follow the one in force.
    TrustSequence = 402,
    /// Too few distinct members signed the trust list.
    TrustThreshold = 403,
    /// A signer of the trust list is unknown, or its signature does not verify.
    TrustSigner = 404,
    /// The key that signed a document is unknown, of another role, or not valid at that time.
    TrustKey = 405,
    /// A document contradicts itself or breaks a rule of its kind.
    Contradiction = 406,
    /// Older than what is in force, or than what this gate had.
    Rollback = 407,
    /// The catalogue changes a published product.
    ProductChanged = 408,
    /// The status list does not inflate to an allowed size.
    Compression = 409,
    /// A document is dated in the future.
    Future = 410,
    /// A document has expired.
    DocumentExpired = 411,
    /// The gate certificate is not in force.
    CertificateTime = 412,
    /// Every gate would refuse a pass with these claims.
    Claims = 413,
    /// The bytes are not an encoded pass, or it is too long to be shown.
    NotAPass = 414,
    /// The number of a holder's document is not in its one form: 4 to 32 characters A-Z and 0-9.
    Document = 415,
    /// The usage digest is of another member than the gate's own.
    UsageMember = 416,
    /// What is known of a ledger would be in too many pieces: fetch what lies between.
    UsageGaps = 417,
    /// A checkpoint is malformed, or a signature of it is missing or wrong.
    Note = 420,
    /// A receipt is not two proofs with what belongs to them.
    ReceiptShape = 430,
    /// A proof of a receipt does not verify.
    ReceiptProof = 431,
    /// Too few witnesses cosigned the ledger's checkpoint of a receipt.
    ReceiptNotFinal = 432,
    /// The two parts of a receipt do not belong together.
    ReceiptSeal = 433,
    /// There is no store at that path: no file, or only what a creation left that was cut short, such as an empty one.
    StoreMissing = 500,
    /// There is a store at that path already.
    StoreExists = 501,
    /// The store is in use by another handle or process.
    StoreInUse = 502,
    /// The file is not a store of onecard.
    StoreForeign = 503,
    /// The store was written by another version of onecard.
    StoreFormat = 504,
    /// The file system or the database failed.
    StoreFailed = 505,
    /// The store holds something else than this gate wrote.
    StoreDamaged = 506,
    /// The store is an old copy: it lacks what was signed before. Nothing was written to it.
    StoreOldCopy = 507,
    /// The store holds another history than the one that was signed.
    StoreOtherHistory = 508,
    /// The file system grants no lock of any kind, so nothing would keep another process from writing to the store too.
    StoreNoLocks = 509,
    /// The file was renamed, removed or replaced since it was opened. Nothing was written. Put it back under its name, or
    /// free the handle and open what is to be the store.
    StoreMoved = 510,
    /// The gate certificate is for another key.
    GateOtherKey = 520,
    /// The venue of the gate certificate is not in the bundle's catalogue.
    GateUnknownVenue = 521,
    /// The store holds the journal of another gate.
    GateOtherJournal = 522,
    /// The clock shows a time before the last record.
    GateClock = 523,
    /// There is no such redemption, or it was annulled already.
    GateNoRedemption = 524,
    /// The redemption can no longer be annulled.
    GateTooLate = 525,
    /// The journal was opened under another gate certificate.
    GateOtherCertificate = 526,
    /// An outage is open already.
    GateOutageOpen = 527,
    /// No outage is open.
    GateNoOutage = 528,
    /// The gate would not be able to read this record again; it was not written.
    GateRecord = 529,
    /// The trust list is not among those the ledger was opened with, or not the next one.
    LedgerTrustList = 600,
    /// The trust list does not give this member this key, or not any more.
    LedgerOtherKey = 601,
    /// The gate is of another member, enrolled already, or unknown.
    LedgerGate = 602,
    /// The gate is retired.
    LedgerRetired = 603,
    /// The store holds another ledger, or another journal than the ledger sealed.
    LedgerOtherJournal = 604,
    /// The clock shows a time before the last entry.
    LedgerClock = 605,
    /// No signed checkpoint of the ledger covers that record yet.
    LedgerNotLogged = 606,
    /// A commit failed before: recover the ledger first.
    LedgerUnsure = 607,
    /// The entry is none that a ledger can have, or contradicts it.
    LedgerEntry = 608,
    /// The gate of a segment is not enrolled, or with another certificate.
    SegmentGate = 620,
    /// Records before a segment are missing. See onecard_ledger_journal_size.
    SegmentGap = 621,
    /// A segment does not reach up to its checkpoint.
    SegmentTruncated = 622,
    /// The records of a segment are not what its checkpoint signs.
    SegmentRoot = 623,
    /// The evidence of a record is not what was shown.
    SegmentEvidence = 624,
    /// The gate signed two histories.
    SegmentEquivocation = 625,
    /// A request to a witness is malformed.
    WitnessRequest = 640,
    /// The witness does not follow that log.
    WitnessUnknownLog = 641,
    /// The log's signature is missing or wrong.
    WitnessSignature = 642,
    /// The request starts from another size than the witness saw last. See onecard_witness_size.
    WitnessStale = 643,
    /// The consistency proof does not verify.
    WitnessProof = 644,
    /// The log signed two histories.
    WitnessFork = 645,
    /// The clock shows a time before the witness's last cosignature, or none.
    WitnessClock = 646,
    /// The store is another witness's, or has the place of a log for another one.
    WitnessOtherStore = 647,
}

/// Language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Lang {
    /// Simplified Chinese.
    Zh = 0,
    /// English.
    En = 1,
}

impl Lang {
    /// The text in the language that a caller named by its number.
    pub(crate) fn choose<'a>(lang: u32, zh: &'a str, en: &'a str) -> Result<&'a str, Status> {
        match lang {
            lang if lang == Self::Zh as u32 => Ok(zh),
            lang if lang == Self::En as u32 => Ok(en),
            _ => Err(Status::UnknownConstant),
        }
    }
}

/// A refused presentation has the texts of its reason.
macro_rules! refused {
    ($status:ident, $reason:ident) => {
        (Status::$status, terminated!(gate::Reason::$reason.text_zh()), terminated!(gate::Reason::$reason.text_en()))
    };
}

/// Every status with its texts, in ascending order of number.
pub(crate) const TABLE: [(Status, &str, &str); 106] = [
    (Status::Ok, "成功\0", "done\0"),
    (Status::Panic, "库内部错误,请报告\0", "a bug in the library, please report it\0"),
    (Status::NullPointer, "指针不应为空\0", "a pointer is NULL that must not be\0"),
    (Status::Length, "长度不正确\0", "a length is not the one it must be\0"),
    (Status::BufferTooSmall, "输出缓冲区太小\0", "the output buffer is too small\0"),
    (Status::UnknownConstant, "参数不是规定的常量\0", "an argument is not one of its constants\0"),
    (Status::Unclassified, "未编号的错误\0", "an error that has no number yet\0"),
    (Status::Busy, "句柄正被其他线程使用\0", "the handle is in use by another thread\0"),
    (Status::Poisoned, "句柄因先前的内部错误而停用\0", "the handle had a failure inside and can only be freed\0"),
    (Status::Handle, "句柄类型不符或已释放\0", "the handle is not one of this kind\0"),
    (Status::Time, "时间超出范围\0", "a time is out of its range\0"),
    (Status::OutOfRange, "数值超出范围\0", "a number is out of its range\0"),
    (Status::Utf8, "文本不是 UTF-8\0", "a text is not UTF-8\0"),
    (Status::Nothing, "没有可提供的内容\0", "there is nothing to hand out\0"),
    (Status::Reserved, "保留字段不为零\0", "a reserved field is not 0\0"),
    (Status::Name, "成员、通票或日期的编号无效\0", "a number or text names no member, pass or day\0"),
    (
        Status::Forked,
        "句柄属于派生（fork）出本进程的另一进程，或派生时正被其使用\0",
        "the handle belongs to the process that this one was forked from, or was in use there\0",
    ),
    (Status::TextTooLong, "文本过长\0", "the text is longer than any presentation\0"),
    (Status::TextPrefix, "文本前缀不是已知版本\0", "the text does not start with a known prefix\0"),
    (Status::TextAlphabet, "文本含有 Base45 以外的字符\0", "a character is not in the Base45 alphabet\0"),
    (Status::TextGroup, "文本中有一组字符不能解码\0", "a group of characters encodes no bytes\0"),
    (Status::KeyNotAPoint, "密钥不是曲线上的点\0", "the key is not a point of the curve\0"),
    (Status::KeyNonCanonical, "密钥编码不规范\0", "the key is not encoded canonically\0"),
    (Status::KeySmallOrder, "密钥为小阶点\0", "the key is of small order\0"),
    (Status::KeyMixedOrder, "密钥为混合阶点\0", "the key is of mixed order\0"),
    (Status::Signature, "签名无效\0", "the signature does not verify\0"),
    refused!(PassClockSuspect, ClockSuspect),
    refused!(PassUnreadable, Unreadable),
    refused!(PassUnsupportedVersion, UnsupportedVersion),
    refused!(PassBadSignature, BadSignature),
    refused!(PassUnknownIssuer, UnknownIssuer),
    refused!(PassIssuerKeyInvalid, IssuerKeyInvalid),
    refused!(PassCodeExpired, CodeExpired),
    refused!(PassCodeEarly, CodeEarly),
    refused!(PassProofRequired, ProofRequired),
    refused!(PassWrongAudience, WrongAudience),
    refused!(PassListTooOld, ListTooOld),
    refused!(PassNotYetValid, NotYetValid),
    refused!(PassExpired, Expired),
    (Status::Encoding, "文件编码不规范或过长\0", "a document is not in the one accepted encoding\0"),
    (Status::TrustAnchor, "首份信任清单与锚定摘要不符\0", "the first trust list is not the pinned one\0"),
    (Status::TrustSequence, "信任清单序号不连续\0", "the trust list does not follow the one in force\0"),
    (Status::TrustThreshold, "签署信任清单的成员不足\0", "too few members signed the trust list\0"),
    (
        Status::TrustSigner,
        "信任清单的签名者未知或签名无效\0",
        "a signer of the trust list is unknown or its signature is wrong\0",
    ),
    (
        Status::TrustKey,
        "签署密钥未知、角色不符或不在有效期\0",
        "the key of a document is unknown, of another role or not valid then\0",
    ),
    (Status::Contradiction, "文件内容自相矛盾或违反规则\0", "a document contradicts itself or a rule\0"),
    (Status::Rollback, "内容比现行版本旧\0", "older than what is in force\0"),
    (Status::ProductChanged, "目录更改了已发布的产品\0", "the catalogue changes a published product\0"),
    (Status::Compression, "状态名单解压失败或过大\0", "the status list does not inflate to an allowed size\0"),
    (Status::Future, "文件日期在将来\0", "a document is dated in the future\0"),
    (Status::DocumentExpired, "文件已过期\0", "a document has expired\0"),
    (Status::CertificateTime, "闸机证书不在有效期\0", "the gate certificate is not in force\0"),
    (Status::Claims, "通票声明无效,闸机将拒绝\0", "every gate would refuse a pass with these claims\0"),
    (Status::NotAPass, "数据不是通票或过长\0", "the bytes are not an encoded pass\0"),
    (Status::Document, "证件号码格式不正确\0", "a document number is not in its one form\0"),
    (Status::UsageMember, "使用摘要不属于本闸机所属成员\0", "the usage digest is not of the gate's own member\0"),
    (Status::UsageGaps, "账本使用记录缺口过多\0", "too many gaps in what is known of a ledger\0"),
    (
        Status::Note,
        "检查点格式错误或签名无效\0",
        "a checkpoint is malformed or a signature of it is missing or wrong\0",
    ),
    (Status::ReceiptShape, "回执格式错误\0", "a receipt is not two proofs with what belongs to them\0"),
    (Status::ReceiptProof, "回执证明无效\0", "a proof of the receipt does not verify\0"),
    (Status::ReceiptNotFinal, "回执所依检查点联署不足\0", "the ledger's checkpoint of the receipt is not final\0"),
    (Status::ReceiptSeal, "回执两部分不对应\0", "the two parts of the receipt do not belong together\0"),
    (Status::StoreMissing, "该路径没有存储文件\0", "there is no store at that path\0"),
    (Status::StoreExists, "该路径已有存储文件\0", "there is a store at that path already\0"),
    (Status::StoreInUse, "存储文件正被占用\0", "the store is in use\0"),
    (Status::StoreForeign, "该文件不是 onecard 存储\0", "the file is not a store of onecard\0"),
    (Status::StoreFormat, "存储格式版本不符\0", "the store is of another version\0"),
    (Status::StoreFailed, "文件系统或数据库故障\0", "the file system or the database failed\0"),
    (Status::StoreDamaged, "存储内容已损坏\0", "the store is damaged\0"),
    (
        Status::StoreOldCopy,
        "存储是旧副本,缺少已签署的记录\0",
        "the store is an old copy and lacks what was signed before\0",
    ),
    (
        Status::StoreOtherHistory,
        "存储的历史与已签署的不符\0",
        "the store holds another history than the one that was signed\0",
    ),
    (Status::StoreNoLocks, "文件系统无法锁定存储文件\0", "the file system does not lock the store\0"),
    (
        Status::StoreMoved,
        "存储文件已被改名、删除或替换\0",
        "the store was renamed, removed or replaced while it was open\0",
    ),
    (Status::GateOtherKey, "闸机证书与密钥不符\0", "the gate certificate is for another key\0"),
    (
        Status::GateUnknownVenue,
        "证书所列场馆不在目录中\0",
        "the venue of the gate certificate is not in the catalogue\0",
    ),
    (Status::GateOtherJournal, "存储属于另一闸机\0", "the store holds the journal of another gate\0"),
    (Status::GateClock, "时钟早于最后一条记录\0", "the clock shows a time before the last record\0"),
    (Status::GateNoRedemption, "没有该核销记录或已撤销\0", "there is no such redemption that stands\0"),
    (Status::GateTooLate, "已超过可撤销时限\0", "the redemption can no longer be annulled\0"),
    (Status::GateOtherCertificate, "日志属于另一闸机证书\0", "the journal was opened under another gate certificate\0"),
    (Status::GateOutageOpen, "故障登记已开启\0", "an outage is open already\0"),
    (Status::GateNoOutage, "没有开启的故障登记\0", "no outage is open\0"),
    (Status::GateRecord, "该记录无效,未写入\0", "the record is none that a journal can have\0"),
    (
        Status::LedgerTrustList,
        "信任清单与账本不符或不连续\0",
        "the trust list is not one of the ledger's, or not the next one\0",
    ),
    (Status::LedgerOtherKey, "信任清单未授予该密钥\0", "the trust list does not give the member this key\0"),
    (
        Status::LedgerGate,
        "闸机属于其他成员、已登记或未知\0",
        "the gate is of another member, enrolled already, or unknown\0",
    ),
    (Status::LedgerRetired, "闸机已停用\0", "the gate is retired\0"),
    (
        Status::LedgerOtherJournal,
        "存储属于其他账本或日志不符\0",
        "the store holds another ledger, or another journal than was sealed\0",
    ),
    (Status::LedgerClock, "时钟早于账本最后一条\0", "the clock shows a time before the last entry\0"),
    (Status::LedgerNotLogged, "该记录尚未进入已签署的账本\0", "the record is not in a signed ledger yet\0"),
    (Status::LedgerUnsure, "账本需先恢复\0", "the store failed before, recover the ledger first\0"),
    (Status::LedgerEntry, "该条目无效或与账本矛盾\0", "the entry is none that the ledger can have\0"),
    (
        Status::SegmentGate,
        "片段的闸机未登记或证书不符\0",
        "the gate of the segment is not enrolled with this certificate\0",
    ),
    (Status::SegmentGap, "片段之前缺少记录\0", "records before the segment are missing\0"),
    (Status::SegmentTruncated, "片段未达到其检查点\0", "the segment does not reach up to its checkpoint\0"),
    (Status::SegmentRoot, "片段记录与检查点不符\0", "the records of the segment are not what its checkpoint signs\0"),
    (Status::SegmentEvidence, "凭证与记录不符\0", "the evidence of a record is not what was shown\0"),
    (Status::SegmentEquivocation, "闸机签署了两个历史\0", "the gate signed two histories\0"),
    (Status::WitnessRequest, "见证请求格式错误\0", "the request to the witness is malformed\0"),
    (Status::WitnessUnknownLog, "见证方不跟踪该日志\0", "the witness does not follow that log\0"),
    (Status::WitnessSignature, "日志签名缺失或无效\0", "the log's signature is missing or wrong\0"),
    (
        Status::WitnessStale,
        "请求起始大小与见证方不符\0",
        "the request starts from another size than the witness saw last\0",
    ),
    (Status::WitnessProof, "一致性证明无效\0", "the consistency proof does not verify\0"),
    (Status::WitnessFork, "日志签署了两个历史\0", "the log signed two histories\0"),
    (Status::WitnessClock, "时钟早于上次见证\0", "the clock shows a time before the last cosignature\0"),
    (Status::WitnessOtherStore, "存储属于其他见证方或其他日志\0", "the store is of another witness or another log\0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines are added here, never changed and never removed.
    const FROZEN: [(u32, &str); 106] = [
        (0, "Ok"),
        (1, "Panic"),
        (2, "NullPointer"),
        (3, "Length"),
        (4, "BufferTooSmall"),
        (5, "UnknownConstant"),
        (6, "Unclassified"),
        (7, "Busy"),
        (8, "Poisoned"),
        (9, "Handle"),
        (10, "Time"),
        (11, "OutOfRange"),
        (12, "Utf8"),
        (13, "Nothing"),
        (14, "Reserved"),
        (15, "Name"),
        (16, "Forked"),
        (100, "TextTooLong"),
        (101, "TextPrefix"),
        (102, "TextAlphabet"),
        (103, "TextGroup"),
        (200, "KeyNotAPoint"),
        (201, "KeyNonCanonical"),
        (202, "KeySmallOrder"),
        (203, "KeyMixedOrder"),
        (204, "Signature"),
        (322, "PassClockSuspect"),
        (340, "PassUnreadable"),
        (341, "PassUnsupportedVersion"),
        (342, "PassBadSignature"),
        (343, "PassUnknownIssuer"),
        (344, "PassIssuerKeyInvalid"),
        (345, "PassCodeExpired"),
        (346, "PassCodeEarly"),
        (347, "PassProofRequired"),
        (348, "PassWrongAudience"),
        (349, "PassListTooOld"),
        (360, "PassNotYetValid"),
        (361, "PassExpired"),
        (400, "Encoding"),
        (401, "TrustAnchor"),
        (402, "TrustSequence"),
        (403, "TrustThreshold"),
        (404, "TrustSigner"),
        (405, "TrustKey"),
        (406, "Contradiction"),
        (407, "Rollback"),
        (408, "ProductChanged"),
        (409, "Compression"),
        (410, "Future"),
        (411, "DocumentExpired"),
        (412, "CertificateTime"),
        (413, "Claims"),
        (414, "NotAPass"),
        (415, "Document"),
        (416, "UsageMember"),
        (417, "UsageGaps"),
        (420, "Note"),
        (430, "ReceiptShape"),
        (431, "ReceiptProof"),
        (432, "ReceiptNotFinal"),
        (433, "ReceiptSeal"),
        (500, "StoreMissing"),
        (501, "StoreExists"),
        (502, "StoreInUse"),
        (503, "StoreForeign"),
        (504, "StoreFormat"),
        (505, "StoreFailed"),
        (506, "StoreDamaged"),
        (507, "StoreOldCopy"),
        (508, "StoreOtherHistory"),
        (509, "StoreNoLocks"),
        (510, "StoreMoved"),
        (520, "GateOtherKey"),
        (521, "GateUnknownVenue"),
        (522, "GateOtherJournal"),
        (523, "GateClock"),
        (524, "GateNoRedemption"),
        (525, "GateTooLate"),
        (526, "GateOtherCertificate"),
        (527, "GateOutageOpen"),
        (528, "GateNoOutage"),
        (529, "GateRecord"),
        (600, "LedgerTrustList"),
        (601, "LedgerOtherKey"),
        (602, "LedgerGate"),
        (603, "LedgerRetired"),
        (604, "LedgerOtherJournal"),
        (605, "LedgerClock"),
        (606, "LedgerNotLogged"),
        (607, "LedgerUnsure"),
        (608, "LedgerEntry"),
        (620, "SegmentGate"),
        (621, "SegmentGap"),
        (622, "SegmentTruncated"),
        (623, "SegmentRoot"),
        (624, "SegmentEvidence"),
        (625, "SegmentEquivocation"),
        (640, "WitnessRequest"),
        (641, "WitnessUnknownLog"),
        (642, "WitnessSignature"),
        (643, "WitnessStale"),
        (644, "WitnessProof"),
        (645, "WitnessFork"),
        (646, "WitnessClock"),
        (647, "WitnessOtherStore"),
    ];

    #[test]
    fn the_numbers_are_frozen() {
        let table: Vec<(u32, String)> = TABLE.iter().map(|(s, ..)| (*s as u32, format!("{s:?}"))).collect();
        let frozen: Vec<(u32, String)> = FROZEN.iter().map(|(n, s)| (*n, (*s).to_owned())).collect();
        assert_eq!(table, frozen);
        assert!(table.is_sorted_by(|a, b| a.0 < b.0), "a number is used twice or out of order");
        assert_eq!((Lang::Zh as u32, Lang::En as u32), (0, 1));
    }

    #[test]
    fn every_status_of_the_source_is_in_the_table() {
        // The enum has no list of its own: take it from this file.
        let source = include_str!("status.rs");
        let body = source.split("pub enum Status {").nth(1).unwrap().split('}').next().unwrap();
        let named = body.lines().filter(|line| line.contains(" = ")).count();
        assert_eq!(named, TABLE.len());
    }

    #[test]
    fn every_text_ends_in_one_nul() {
        for (status, zh, en) in TABLE {
            for text in [zh, en] {
                assert!(text.len() > 1 && text.find('\0') == Some(text.len() - 1), "{status:?}");
            }
            assert!(en.is_ascii() && !zh.is_ascii(), "{status:?}");
        }
    }
}
