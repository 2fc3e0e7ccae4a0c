#include "epp_answer.h"

#include <string.h>

#include "generated/ext_proc.pb-c.h"
#include "generated/google_struct.pb-c.h"

// Every function returns false (or null) when the arena is out of memory, and nothing else can go wrong.

enum { OVERWRITE_IF_EXISTS_OR_ADD = 2 };

#define NEW(arena, type, init)                    \
  ({                                              \
    type *made_ = epp_arena_alloc(arena, sizeof(type)); \
    if (made_ != NULL) *made_ = (type)init;       \
    made_;                                        \
  })

static Epp__ExtProc__HeaderMutation *make_mutation(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__HeaderMutation *mutation =
      NEW(arena, Epp__ExtProc__HeaderMutation, EPP__EXT_PROC__HEADER_MUTATION__INIT);
  if (mutation == NULL) return NULL;
  mutation->set_headers = epp_arena_alloc(arena, answer->header_count * sizeof(void *));
  if (mutation->set_headers == NULL) return NULL;
  for (size_t i = 0; i < answer->header_count; i++) {
    Epp__ExtProc__HeaderValueOption *option =
        NEW(arena, Epp__ExtProc__HeaderValueOption, EPP__EXT_PROC__HEADER_VALUE_OPTION__INIT);
    Epp__ExtProc__HeaderValue *header = NEW(arena, Epp__ExtProc__HeaderValue, EPP__EXT_PROC__HEADER_VALUE__INIT);
    if (option == NULL || header == NULL) return NULL;
    header->key = (char *)answer->headers[i].name;
    header->raw_value.data = (uint8_t *)answer->headers[i].value;
    header->raw_value.len = answer->headers[i].value_length;
    option->header = header;
    // Said outright: what an unset action means has changed between proxies and versions.
    option->append_action = OVERWRITE_IF_EXISTS_OR_ADD;
    mutation->set_headers[i] = option;
  }
  mutation->n_set_headers = answer->header_count;
  mutation->remove_headers = (char **)answer->removed_headers;
  mutation->n_remove_headers = answer->removed_header_count;
  return mutation;
}

static Google__Protobuf__Struct *make_struct(size_t capacity, epp_arena *arena) {
  Google__Protobuf__Struct *made = NEW(arena, Google__Protobuf__Struct, GOOGLE__PROTOBUF__STRUCT__INIT);
  if (made == NULL) return NULL;
  made->fields = epp_arena_alloc(arena, capacity * sizeof(void *));
  return made->fields == NULL ? NULL : made;
}

static Google__Protobuf__Value *add_field(Google__Protobuf__Struct *target, const char *key, epp_arena *arena) {
  Google__Protobuf__Struct__FieldsEntry *entry =
      NEW(arena, Google__Protobuf__Struct__FieldsEntry, GOOGLE__PROTOBUF__STRUCT__FIELDS_ENTRY__INIT);
  Google__Protobuf__Value *value = NEW(arena, Google__Protobuf__Value, GOOGLE__PROTOBUF__VALUE__INIT);
  if (entry == NULL || value == NULL) return NULL;
  entry->key = (char *)key;
  entry->value = value;
  target->fields[target->n_fields++] = entry;
  return value;
}

/// Adds a struct as a field.
static Google__Protobuf__Struct *add_struct(
    Google__Protobuf__Struct *target, const char *key, size_t capacity, epp_arena *arena) {
  Google__Protobuf__Struct *fields = make_struct(capacity, arena);
  Google__Protobuf__Value *value = add_field(target, key, arena);
  if (fields == NULL || value == NULL) return NULL;
  value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
  value->struct_value = fields;
  return fields;
}

static bool is_same(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static Google__Protobuf__Struct *make_metadata(const epp_answer *answer, epp_arena *arena) {
  Google__Protobuf__Struct *metadata = make_struct(answer->metadata_count, arena);
  if (metadata == NULL) return NULL;
  Google__Protobuf__Struct *name_space = NULL;
  Google__Protobuf__Struct *fields = NULL;
  for (size_t i = 0; i < answer->metadata_count; i++) {
    const epp_metadata_field *field = &answer->metadata[i];
    const epp_metadata_field *last = i == 0 ? NULL : field - 1;
    bool is_new = last == NULL || strcmp(field->name_space, last->name_space) != 0;
    if (is_new) {
      name_space = add_struct(metadata, field->name_space, answer->metadata_count, arena);
      if (name_space == NULL) return NULL;
    }
    if (is_new || !is_same(field->parent, last->parent)) {
      fields = field->parent == NULL
                   ? name_space
                   : add_struct(name_space, field->parent, answer->metadata_count - i, arena);
      if (fields == NULL) return NULL;
    }
    Google__Protobuf__Value *value = add_field(fields, field->key, arena);
    if (value == NULL) return NULL;
    if (field->string != NULL) {
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
      value->string_value = (char *)field->string;
    } else {
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
      value->number_value = field->number;
    }
  }
  return metadata;
}

static Epp__ExtProc__CommonResponse *make_common(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__CommonResponse *common =
      NEW(arena, Epp__ExtProc__CommonResponse, EPP__EXT_PROC__COMMON_RESPONSE__INIT);
  if (common == NULL) return NULL;
  common->clear_route_cache = answer->clear_route_cache;
  if (answer->header_count + answer->removed_header_count > 0) {
    common->header_mutation = make_mutation(answer, arena);
    if (common->header_mutation == NULL) return NULL;
  }
  if (answer->has_body) {
    Epp__ExtProc__BodyMutation *mutation =
        NEW(arena, Epp__ExtProc__BodyMutation, EPP__EXT_PROC__BODY_MUTATION__INIT);
    if (mutation == NULL) return NULL;
    mutation->mutation_case = EPP__EXT_PROC__BODY_MUTATION__MUTATION_BODY;
    mutation->body.data = (uint8_t *)answer->body;
    mutation->body.len = answer->body_length;
    common->body_mutation = mutation;
  }
  return common;
}

static Epp__ExtProc__HeadersResponse *make_headers(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__HeadersResponse *headers =
      NEW(arena, Epp__ExtProc__HeadersResponse, EPP__EXT_PROC__HEADERS_RESPONSE__INIT);
  if (headers == NULL) return NULL;
  headers->response = make_common(answer, arena);
  return headers->response == NULL ? NULL : headers;
}

static Epp__ExtProc__BodyResponse *make_body(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__BodyResponse *body = NEW(arena, Epp__ExtProc__BodyResponse, EPP__EXT_PROC__BODY_RESPONSE__INIT);
  if (body == NULL) return NULL;
  body->response = make_common(answer, arena);
  return body->response == NULL ? NULL : body;
}

static Epp__ExtProc__TrailersResponse *make_trailers(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__TrailersResponse *trailers =
      NEW(arena, Epp__ExtProc__TrailersResponse, EPP__EXT_PROC__TRAILERS_RESPONSE__INIT);
  if (trailers == NULL || answer->header_count == 0) return trailers;
  trailers->header_mutation = make_mutation(answer, arena);
  return trailers->header_mutation == NULL ? NULL : trailers;
}

static Epp__ExtProc__ImmediateResponse *make_immediate(const epp_answer *answer, epp_arena *arena) {
  Epp__ExtProc__ImmediateResponse *immediate =
      NEW(arena, Epp__ExtProc__ImmediateResponse, EPP__EXT_PROC__IMMEDIATE_RESPONSE__INIT);
  Epp__ExtProc__HttpStatus *status = NEW(arena, Epp__ExtProc__HttpStatus, EPP__EXT_PROC__HTTP_STATUS__INIT);
  if (immediate == NULL || status == NULL) return NULL;
  status->code = answer->status;
  immediate->status = status;
  immediate->body.data = (uint8_t *)answer->body;
  immediate->body.len = answer->body_length;
  if (answer->header_count > 0) {
    immediate->headers = make_mutation(answer, arena);
    if (immediate->headers == NULL) return NULL;
  }
  return immediate;
}

static bool fill(const epp_answer *answer, Epp__ExtProc__ProcessingResponse *response, epp_arena *arena) {
  switch (answer->kind) {
    case EPP_ANSWER_REQUEST_HEADERS:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_HEADERS;
      return (response->request_headers = make_headers(answer, arena)) != NULL;
    case EPP_ANSWER_RESPONSE_HEADERS:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_HEADERS;
      return (response->response_headers = make_headers(answer, arena)) != NULL;
    case EPP_ANSWER_REQUEST_BODY:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_BODY;
      return (response->request_body = make_body(answer, arena)) != NULL;
    case EPP_ANSWER_RESPONSE_BODY:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_BODY;
      return (response->response_body = make_body(answer, arena)) != NULL;
    case EPP_ANSWER_REQUEST_TRAILERS:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_TRAILERS;
      return (response->request_trailers = make_trailers(answer, arena)) != NULL;
    case EPP_ANSWER_RESPONSE_TRAILERS:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_TRAILERS;
      return (response->response_trailers = make_trailers(answer, arena)) != NULL;
    case EPP_ANSWER_IMMEDIATE:
      response->response_case = EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_IMMEDIATE_RESPONSE;
      return (response->immediate_response = make_immediate(answer, arena)) != NULL;
    case EPP_ANSWER_METADATA:
      return true;
  }
  return false;
}

const uint8_t *epp_answer_pack(const epp_answer *answer, epp_arena *arena, size_t *length) {
  Epp__ExtProc__ProcessingResponse response = EPP__EXT_PROC__PROCESSING_RESPONSE__INIT;
  Epp__ExtProc__ProcessingMode mode = EPP__EXT_PROC__PROCESSING_MODE__INIT;
  *length = 0;
  if (!fill(answer, &response, arena)) return NULL;
  if (answer->metadata_count > 0) {
    response.dynamic_metadata = make_metadata(answer, arena);
    if (response.dynamic_metadata == NULL) return NULL;
  }
  if (answer->mode_override != NULL) {
    mode.request_body_mode = answer->mode_override->request_body_mode;
    mode.response_header_mode = answer->mode_override->response_header_mode;
    mode.response_body_mode = answer->mode_override->response_body_mode;
    mode.request_trailer_mode = answer->mode_override->request_trailer_mode;
    mode.response_trailer_mode = answer->mode_override->response_trailer_mode;
    response.mode_override = &mode;
  }
  // Packing by size and then into place: the append-to-buffer variant moves every nested message once a level.
  size_t size = epp__ext_proc__processing_response__get_packed_size(&response);
  uint8_t *bytes = epp_arena_alloc(arena, size);
  if (bytes == NULL) return NULL;
  *length = epp__ext_proc__processing_response__pack(&response, bytes);
  return bytes;
}
