using System.Reflection;
using System.Reflection.Emit;

namespace CtrPS.Client.Tests;

/// <summary>The types that a type uses: in what it is made of, in its members, and in the code of its methods.</summary>
internal static class TypesIn
{
    private const byte FirstOfTwo = 0xFE; // of an operation with two bytes (ECMA-335, III.1.2)

    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static HashSet<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        foreach (Type? one in (Type?[])[type.BaseType, .. type.GetInterfaces(), .. type.GetFields(All).Select(field => field.FieldType)])
        {
            Add(found, one);
        }

        foreach (MethodBase method in (MethodBase[])[.. type.GetMethods(All), .. type.GetConstructors(All)])
        {
            AddSignature(found, method);
            AddBody(found, method);
        }

        return found;
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        if (type is null)
        {
            return;
        }

        while (type.HasElementType)
        {
            type = type.GetElementType()!;
        }

        foreach (Type argument in type.GetGenericArguments())
        {
            Add(found, argument.IsGenericParameter ? null : argument);
        }

        _ = found.Add(type);
    }

    private static void AddSignature(HashSet<Type> found, MethodBase method)
    {
        Add(found, (method as MethodInfo)?.ReturnType);
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            Add(found, parameter.ParameterType);
        }
    }

    private static void AddBody(HashSet<Type> found, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
        {
            return;
        }

        foreach (LocalVariableInfo local in body.LocalVariables)
        {
            Add(found, local.LocalType);
        }

        foreach (int token in Tokens(body.GetILAsByteArray()!))
        {
            Type[]? ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
            AddMember(found, method.Module.ResolveMember(token, ofType, method.IsGenericMethod ? method.GetGenericArguments() : null)!);
        }
    }

    private static void AddMember(HashSet<Type> found, MemberInfo member)
    {
        Add(found, member as Type ?? member.DeclaringType);
        if (member is FieldInfo field)
        {
            Add(found, field.FieldType);
        }
        else if (member is MethodBase method)
        {
            AddSignature(found, method);
            foreach (Type argument in method.IsGenericMethod ? method.GetGenericArguments() : [])
            {
                Add(found, argument.IsGenericParameter ? null : argument);
            }
        }
    }

    /// <summary>The tokens of types, fields and methods in a method's code.</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        int at = 0;
        while (at < code.Length)
        {
            short value = code[at++];
            if (value == FirstOfTwo)
            {
                value = (short)((value << 8) | code[at++]);
            }

            OpCode operation = Codes[value];
            if (operation.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                yield return BitConverter.ToInt32(code, at);
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
