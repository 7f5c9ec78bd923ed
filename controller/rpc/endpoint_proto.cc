#include "controller/rpc/endpoint_proto.h"

#include <string>

#include "controller/rpc/enum_proto.h"

namespace binferry::controller {
namespace {

const std::string& SecretText(SecretField field, const v1::Task& task) {
  const v1::Destination& destination = task.destination();
  switch (field) {
    case SecretField::kSourcePassword:
      return task.source().password();
    case SecretField::kSourceClientKey:
      return task.source().client_key();
    case SecretField::kDestinationPassword:
      return destination.password();
    case SecretField::kDestinationClientKey:
      return destination.client_key();
    case SecretField::kDestinationClientKeyPassword:
      return destination.client_key_password();
    case SecretField::kTrustStorePassword:
      return destination.trust_store().password();
    case SecretField::kKeyStoreContent:
      return destination.key_store().content();
    case SecretField::kKeyStorePassword:
      return destination.key_store().password();
    case SecretField::kKeyStoreKeyPassword:
      return destination.key_store().key_password();
    case SecretField::kOauthClientSecret:
      return destination.oauth_client().client_secret();
    case SecretField::kKerberosKeytab:
      return destination.kerberos_client().keytab();
    case SecretField::kHashSalt:
      return task.hash_salt();
  }
  return task.hash_salt();
}

std::string* MutableSecretText(SecretField field, v1::Task* task) {
  v1::Destination* const destination = task->mutable_destination();
  switch (field) {
    case SecretField::kSourcePassword:
      return task->mutable_source()->mutable_password();
    case SecretField::kSourceClientKey:
      return task->mutable_source()->mutable_client_key();
    case SecretField::kDestinationPassword:
      return destination->mutable_password();
    case SecretField::kDestinationClientKey:
      return destination->mutable_client_key();
    case SecretField::kDestinationClientKeyPassword:
      return destination->mutable_client_key_password();
    case SecretField::kTrustStorePassword:
      return destination->mutable_trust_store()->mutable_password();
    case SecretField::kKeyStoreContent:
      return destination->mutable_key_store()->mutable_content();
    case SecretField::kKeyStorePassword:
      return destination->mutable_key_store()->mutable_password();
    case SecretField::kKeyStoreKeyPassword:
      return destination->mutable_key_store()->mutable_key_password();
    case SecretField::kOauthClientSecret:
      return destination->mutable_oauth_client()->mutable_client_secret();
    case SecretField::kKerberosKeytab:
      return destination->mutable_kerberos_client()->mutable_keytab();
    case SecretField::kHashSalt:
      return task->mutable_hash_salt();
  }
  return nullptr;
}

}  // namespace

SourceSpec SourceFromProto(const v1::Source& in,
                           std::vector<FieldViolation>* violations) {
  SourceSpec out;
  out.host = in.host();
  out.port = in.port();
  out.username = in.username();
  out.tls_mode =
      EnumFromProto<TlsMode>(in.tls_mode(), v1::TlsMode_IsValid(in.tls_mode()),
                             "task.source.tls_mode", violations);
  out.ca_certificate = in.ca_certificate();
  out.client_certificate = in.client_certificate();
  return out;
}

DestinationSpec DestinationFromProto(const v1::Destination& in,
                                     std::vector<FieldViolation>* violations) {
  DestinationSpec out;
  out.bootstrap_servers = {in.bootstrap_servers().begin(),
                           in.bootstrap_servers().end()};
  out.security_protocol = EnumFromProto<SecurityProtocol>(
      in.security_protocol(),
      v1::SecurityProtocol_IsValid(in.security_protocol()),
      "task.destination.security_protocol", violations);
  out.sasl_mechanism = EnumFromProto<SaslMechanism>(
      in.sasl_mechanism(), v1::SaslMechanism_IsValid(in.sasl_mechanism()),
      "task.destination.sasl_mechanism", violations);
  out.username = in.username();
  out.ca_certificate = in.ca_certificate();
  out.client_certificate = in.client_certificate();
  out.skip_endpoint_identification = in.skip_endpoint_identification();
  out.max_record_bytes = in.max_record_bytes();
  out.trust_store = in.trust_store().content();
  if (in.has_oauth_client()) {
    const v1::OauthClient& client = in.oauth_client();
    out.oauth_client = OauthClient{
        .token_endpoint = client.token_endpoint(),
        .client_id = client.client_id(),
        .scope = client.scope(),
        .extensions = {client.extensions().begin(), client.extensions().end()}};
  }
  if (in.has_kerberos_client()) {
    out.kerberos_client =
        KerberosClient{.principal = in.kerberos_client().principal(),
                       .service_name = in.kerberos_client().service_name()};
  }
  return out;
}

void SourceToProto(const SourceSpec& in, v1::Source* out) {
  out->set_host(in.host);
  out->set_port(in.port);
  out->set_username(in.username);
  out->set_tls_mode(EnumToProto<v1::TlsMode>(in.tls_mode));
  out->set_ca_certificate(in.ca_certificate);
  out->set_client_certificate(in.client_certificate);
}

void DestinationToProto(const DestinationSpec& in, v1::Destination* out) {
  for (const std::string& server : in.bootstrap_servers) {
    out->add_bootstrap_servers(server);
  }
  out->set_security_protocol(
      EnumToProto<v1::SecurityProtocol>(in.security_protocol));
  out->set_sasl_mechanism(EnumToProto<v1::SaslMechanism>(in.sasl_mechanism));
  out->set_username(in.username);
  out->set_ca_certificate(in.ca_certificate);
  out->set_client_certificate(in.client_certificate);
  out->set_skip_endpoint_identification(in.skip_endpoint_identification);
  out->set_max_record_bytes(in.max_record_bytes);
  if (!in.trust_store.empty()) {
    out->mutable_trust_store()->set_content(in.trust_store);
  }
  if (in.oauth_client.has_value()) {
    v1::OauthClient* const client = out->mutable_oauth_client();
    client->set_token_endpoint(in.oauth_client->token_endpoint);
    client->set_client_id(in.oauth_client->client_id);
    client->set_scope(in.oauth_client->scope);
    *client->mutable_extensions() = {in.oauth_client->extensions.begin(),
                                     in.oauth_client->extensions.end()};
  }
  if (in.kerberos_client.has_value()) {
    out->mutable_kerberos_client()->set_principal(
        in.kerberos_client->principal);
    out->mutable_kerberos_client()->set_service_name(
        in.kerberos_client->service_name);
  }
}

TaskSecrets SecretsFromProto(const v1::Task& task) {
  TaskSecrets secrets;
  for (const SecretField field : kSecretFields) {
    const std::string& text = SecretText(field, task);
    if (!text.empty()) secrets[field] = text;
  }
  return secrets;
}

void SecretsToProto(const TaskSecrets& secrets, v1::Task* task) {
  for (const auto& [field, text] : secrets) {
    *MutableSecretText(field, task) = text;
  }
}

void ClearSecrets(v1::Task* task) {
  for (const SecretField field : kSecretFields) {
    if (!SecretText(field, *task).empty()) {
      MutableSecretText(field, task)->clear();
    }
  }
}

void TellStoredSecrets(const std::set<SecretField>& stored, v1::Task* task) {
  const auto has = [&stored](SecretField field) {
    return stored.count(field) > 0;
  };
  v1::Destination* const destination = task->mutable_destination();
  task->mutable_source()->set_password_set(has(SecretField::kSourcePassword));
  destination->set_password_set(has(SecretField::kDestinationPassword));
  if (destination->has_trust_store()) {
    destination->mutable_trust_store()->set_content_set(true);
  }
  if (has(SecretField::kKeyStoreContent)) {
    destination->mutable_key_store()->set_content_set(true);
  }
  if (destination->has_oauth_client()) {
    destination->mutable_oauth_client()->set_client_secret_set(
        has(SecretField::kOauthClientSecret));
  }
  if (destination->has_kerberos_client()) {
    destination->mutable_kerberos_client()->set_keytab_set(
        has(SecretField::kKerberosKeytab));
  }
  task->set_hash_salt_set(has(SecretField::kHashSalt));
}

}  // namespace binferry::controller
