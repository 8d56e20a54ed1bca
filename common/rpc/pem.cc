#include "common/rpc/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

BioPtr Open(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

CertificatePtr NextCertificate(BIO* bio) { return CertificatePtr(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)); }

// Takes the last error that OpenSSL noted in this thread; empty if the only error is the end of the input.
std::string TakeError() {
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = error == 0 || ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  ERR_clear_error();
  return at_end ? "" : std::string(text.data());
}

std::string SubjectOf(X509* certificate) {
  std::array<char, 256> text{};
  X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), static_cast<int>(text.size()));
  return text.data();
}

std::string TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable time";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromTM(parts, absl::UTCTimeZone()), absl::UTCTimeZone());
}

absl::Status CheckTimes(X509* certificate, absl::Time now) {
  std::time_t seconds = absl::ToTimeT(now);
  const ASN1_TIME* from = X509_get0_notBefore(certificate);
  const ASN1_TIME* until = X509_get0_notAfter(certificate);
  const std::string subject = SubjectOf(certificate);
  if (X509_cmp_time(from, &seconds) > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate ", subject, " is valid only from ", TimeOf(from), " on"));
  }
  if (X509_cmp_time(until, &seconds) < 0) {
    return absl::InvalidArgumentError(absl::StrCat("certificate ", subject, " expired at ", TimeOf(until)));
  }
  return absl::OkStatus();
}

// OpenSSL calls this for a key that has a password. No user can be asked for it.
int NoPassword(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

absl::Status CheckCertificates(const std::string& pem, absl::Time now) {
  ERR_clear_error();
  const BioPtr bio = Open(pem);
  int count = 0;
  while (const CertificatePtr certificate = NextCertificate(bio.get())) {
    if (const absl::Status status = CheckTimes(certificate.get(), now); !status.ok()) return status;
    ++count;
  }
  if (const std::string error = TakeError(); !error.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("certificate ", count, " cannot be read: ", error));
  }
  if (count > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("no certificate in it, want PEM (-----BEGIN CERTIFICATE-----)");
}

absl::Status CheckKey(const std::string& key_pem, const std::string& certificate_pem) {
  ERR_clear_error();
  bool has_password = false;
  const KeyPtr key(PEM_read_bio_PrivateKey(Open(key_pem).get(), nullptr, &NoPassword, &has_password));
  if (key == nullptr) {
    const std::string error = TakeError();
    if (has_password) return absl::InvalidArgumentError("the key has a password, want one without");
    if (absl::StrContains(key_pem, "PRIVATE KEY-----")) {
      return absl::InvalidArgumentError(absl::StrCat("the key cannot be read: ", error));
    }
    return absl::InvalidArgumentError("no private key in it, want PEM (-----BEGIN PRIVATE KEY-----)");
  }
  const CertificatePtr certificate = NextCertificate(Open(certificate_pem).get());
  const bool belongs = certificate != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return belongs ? absl::OkStatus() : absl::InvalidArgumentError("the key is not that of the certificate");
}

}  // namespace recbots
